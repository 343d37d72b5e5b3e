import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import type { SpineFile } from './load-spine.ts';
import type { GivenColumn } from './spine-column.ts';

/** Rows from a database: CSV without a header, with known types. */
export interface SpineRows {
  readonly columns: readonly GivenColumn[];
  /** Columns that are not part of the set, by place. */
  readonly skip?: ReadonlySet<number>;
  readonly rows: Readable;
  readonly called: string;
}

/** Writes the rows to a file as they arrive. */
export async function writeSpineFile(
  { columns, rows, called, skip = new Set() }: SpineRows,
  path: string,
  signal: AbortSignal,
): Promise<SpineFile> {
  const out = createWriteStream(path);
  out.write(`${columns.map((_, i) => `c${i}`).join(',')}\n`);
  await pipeline(rows, out, { signal });
  const used = columns.filter((_, i) => !skip.has(i));
  return {
    path,
    format: 'csv',
    types: columns.map((column, i) => ({ ...column, skipped: skip.has(i) })),
    names: used.map(({ name }) => name),
    called,
  };
}
