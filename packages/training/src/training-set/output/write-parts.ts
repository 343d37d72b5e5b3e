import { rm, stat } from 'node:fs/promises';
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
/** Rows with vectors that are sorted at once. */
const SORTED_BYTES = 16 * 1024 * 1024;
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
    const rows = await writeRows(duckdb, { ...options, name, condition, path: parquet });
    const relation = `read_parquet(${textLiteral(parquet)}, hive_partitioning = false)`;
    relations.push(relation);
    const path = join(folder, `${name}.${format}`);
    if (format === 'csv')
      await duckdb.run(
        `copy (select ${names.join(', ')} from ${relation}) to ${textLiteral(path)} (format csv, header, nullstr '', preserve_order true)`,
        { what: `Writing ${name}` },
      );
    done += rows;
    files.push({
      part,
      path: `${name}.${format}`,
      format,
      rows,
      size_bytes: (await stat(path)).size,
      sha256: await hashFile(path),
    });
    onRows(done);
  }
  return { files, relations };
}

interface WriteRows extends Pick<WritePartsOptions, 'features' | 'spine'> {
  readonly name: string;
  readonly condition: string;
  readonly path: string;
}

/** Rows of one part in the order of the spine. @returns their number */
async function writeRows(
  duckdb: Duckdb,
  { features, spine, name, condition, path }: WriteRows,
): Promise<number> {
  const copy = async (query: string, to: string, settings: string): Promise<number> => {
    const [written] = await duckdb.all<{ Count: bigint }>(
      `copy (${query}) to ${textLiteral(to)} (format parquet, row_group_size ${groupRows(features)}, ${settings})`,
      { what: `Writing ${name}` },
    );
    return Number(written?.Count ?? 0);
  };
  const step = sortedRows(features);
  if (spine.rows <= step) return copy(assembledQuery(features, spine, condition), path, 'compression zstd');
  const pieces: string[] = [];
  try {
    for (let from = 0; from < spine.rows; from += step) {
      const piece = join(duckdb.folder, `piece-${pieces.length}.parquet`);
      pieces.push(piece);
      const rows = `(${condition}) and row >= ${from} and row < ${from + step}`;
      await copy(assembledQuery(features, spine, rows), piece, 'compression snappy');
    }
    const all = `select * from read_parquet([${pieces.map(textLiteral).join(', ')}])`;
    return await copy(all, path, 'compression zstd, preserve_order true');
  } finally {
    await Promise.all(pieces.map((piece) => rm(piece, { force: true })));
  }
}

/** Rows that are sorted at once: DuckDB keeps the vectors that it sorts in memory, and spills everything else. */
function sortedRows(features: ResolvedFeatures): number {
  if (features.columns.every(({ field }) => field.length === undefined)) return Infinity;
  return Math.max(MIN_GROUP_ROWS, Math.floor(SORTED_BYTES / rowBytes(features)));
}

function groupRows(features: ResolvedFeatures): number {
  return Math.min(MAX_GROUP_ROWS, Math.max(MIN_GROUP_ROWS, Math.floor(ROW_GROUP_BYTES / rowBytes(features))));
}

function rowBytes({ columns }: ResolvedFeatures): number {
  return columns.reduce((sum, { field }) => sum + 4 * (field.length ?? 2), 64);
}
