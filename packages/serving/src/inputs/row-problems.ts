import { MAX_PROBLEMS, requestInvalid, type ErrorDetail, type LarderError } from '@larder/core';

/** Problems of the row being read. Nothing is allocated, not even a pointer, until there is a problem. */
export class RowProblems {
  readonly #pointer: string;
  readonly #rows: boolean;
  #row = 0;
  #found: ErrorDetail[] | null = null;

  /** `rows`: the pointer is that of a list, and rows are `/rows/3`; otherwise it is that of the row itself. */
  constructor(pointer: string, { rows }: { readonly rows: boolean }) {
    this.#pointer = pointer;
    this.#rows = rows;
  }

  /** Starts the next row. */
  moveTo(row: number): void {
    this.#row = row;
    this.#found = null;
  }

  get any(): boolean {
    return this.#found !== null;
  }

  get full(): boolean {
    return this.#found !== null && this.#found.length >= MAX_PROBLEMS;
  }

  /** `path`: relative to the row, such as `/entities/ad_id`. */
  add(path: string, detail: string): void {
    const row = this.#rows ? `${this.#pointer}/${this.#row}` : this.#pointer;
    this.#found ??= [];
    this.#found.push({ pointer: row + path, detail });
  }

  toError(): LarderError {
    return requestInvalid(this.#found ?? []);
  }
}
