import { MAX_PROBLEMS, requestInvalid, type ErrorDetail, type LarderError } from '@larder/core';

/** What is wrong with the row that is being read. Nothing is put together, not even a pointer, until something is. */
export class RowProblems {
  readonly #pointer: string;
  readonly #rows: boolean;
  #row = 0;
  #found: ErrorDetail[] | null = null;

  /** `rows`: the pointer is that of a list, and rows are `/rows/3`; else of the row itself. */
  constructor(pointer: string, { rows }: { readonly rows: boolean }) {
    this.#pointer = pointer;
    this.#rows = rows;
  }

  /** Begins with the next row. */
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

  /** `path`: below the row, such as `/entities/ad_id`. */
  add(path: string, detail: string): void {
    const row = this.#rows ? `${this.#pointer}/${this.#row}` : this.#pointer;
    this.#found ??= [];
    this.#found.push({ pointer: row + path, detail });
  }

  toError(): LarderError {
    return requestInvalid(this.#found ?? []);
  }
}
