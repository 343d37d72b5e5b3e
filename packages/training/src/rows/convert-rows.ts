import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openDuckdb, scanFile, writeFile, type DataFile } from '@larder/archive';
import { arrowBatches } from './arrow-batches.ts';

export interface ConvertRows {
  /** Of the training set. */
  readonly folder: string;
  /** One format, in the order of the rows. */
  readonly files: readonly { readonly path: string; readonly format: 'parquet' | 'csv' }[];
  readonly format: 'parquet' | 'csv' | 'arrow';
  /** For a copy in the other format of files. */
  readonly temporaryFolder: string;
}

const MEMORY_MB = 192;

/** Writes the rows of a training set in another format, or of several parts as one. @throws DATA_FILE_INVALID */
export async function convertRows(out: Writable, options: ConvertRows): Promise<void> {
  const { folder, files, format, temporaryFolder } = options;
  // One thread keeps the order of the rows.
  const duckdb = await openDuckdb({
    folders: [folder],
    tempFolder: temporaryFolder,
    threads: 1,
    memoryLimitMb: MEMORY_MB,
  });
  try {
    const source: DataFile = { path: files.map(({ path }) => path), format: files[0]?.format ?? 'parquet' };
    const relation = scanFile(source);
    if (format === 'arrow') {
      await pipeline(arrowBatches(duckdb, relation), out, { end: false });
      return;
    }
    const path = join(duckdb.folder, `rows.${format}`);
    await writeFile(duckdb, `select * from ${relation}`, { path, format });
    await pipeline(createReadStream(path), out, { end: false });
  } finally {
    await duckdb.close();
  }
}
