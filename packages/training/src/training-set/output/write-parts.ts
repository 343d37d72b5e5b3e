import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { quotedName, textLiteral, type Duckdb } from '@larder/archive';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import { hashFile } from '../hash/hash-file.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import type { Part, PlannedSplit } from '../split/plan-split.ts';
import type { OutputFormat } from '../training-set-request.ts';
import { assembledQuery } from './set-columns.ts';

export interface WritePartsOptions {
  readonly features: ResolvedFeatures;
  readonly spine: LoadedSpine;
  readonly split: PlannedSplit;
  readonly format: OutputFormat;
  readonly folder: string;
  readonly onRows: (rows: number) => void;
}

export interface WrittenPart {
  readonly part: Part;
  readonly path: string;
  readonly format: OutputFormat;
  readonly rows: number;
  readonly size_bytes: number;
  readonly sha256: string;
}

export interface WrittenSet {
  readonly files: readonly WrittenPart[];
  /** SQL that reads the rows of all parts back, in the order of `files`. */
  readonly relations: readonly string[];
}

/** Bytes of one row group in memory; several are held at once. */
const ROW_GROUP_BYTES = 4 * 1024 * 1024;
const MIN_GROUP_ROWS = 2_048;
const MAX_GROUP_ROWS = 122_880;

/** Writes one file per part, each in the order of the spine. CSV is written from Parquet, so that both hold the same. */
export async function writeParts(duckdb: Duckdb, options: WritePartsOptions): Promise<WrittenSet> {
  const { features, spine, split, format, folder, onRows } = options;
  const names = [...spine.columns.map(({ name }) => name), ...features.columns.map(({ name }) => name)].map(
    quotedName,
  );
  const files: WrittenPart[] = [];
  const relations: string[] = [];
  let done = 0;
  for (const { part, rows: condition } of split.parts) {
    const name = part === 'all' ? 'rows' : part;
    const parquet = join(format === 'parquet' ? folder : duckdb.folder, `${name}.parquet`);
    const [written] = await duckdb.all<{ Count: bigint }>(
      `copy (${assembledQuery(features, spine, condition)})
        to ${textLiteral(parquet)} (format parquet, compression zstd, row_group_size ${groupRows(features)})`,
      { what: `Writing ${name}` },
    );
    const relation = `read_parquet(${textLiteral(parquet)}, hive_partitioning = false)`;
    relations.push(relation);
    const path = join(folder, `${name}.${format}`);
    if (format === 'csv')
      await duckdb.run(
        `copy (select ${names.join(', ')} from ${relation}) to ${textLiteral(path)} (format csv, header, nullstr '', preserve_order true)`,
        { what: `Writing ${name}` },
      );
    done += Number(written?.Count ?? 0);
    files.push({
      part,
      path: `${name}.${format}`,
      format,
      rows: Number(written?.Count ?? 0),
      size_bytes: (await stat(path)).size,
      sha256: await hashFile(path),
    });
    onRows(done);
  }
  return { files, relations };
}

function groupRows({ columns }: ResolvedFeatures): number {
  const rowBytes = columns.reduce((sum, { field }) => sum + 4 * (field.length ?? 2), 64);
  return Math.min(MAX_GROUP_ROWS, Math.max(MIN_GROUP_ROWS, Math.floor(ROW_GROUP_BYTES / rowBytes)));
}
