import { mkdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '@larder/core';
import type { Duckdb } from '../duckdb/open-duckdb.ts';
import { textLiteral } from '../duckdb/sql-text.ts';
import { writeFile } from '../duckdb/write-file.ts';
import { viewFolder, type StagedFile } from './archive-files.ts';
import { STAGING, type Archive } from './archive-folder.ts';
import type { ArchivedView } from './archive-locks.ts';
import { syncPath } from './whole-files.ts';

export interface Staging {
  readonly duckdb: Duckdb;
  readonly archive: Archive;
  readonly target: ArchivedView;
  /** How the rows of a file are sorted. */
  readonly order: readonly string[];
  /** After the change; part of the file names, so that no name is ever used twice. */
  readonly generation: number;
}

/** Writes one month's rows of a relation as a file that readers do not see yet, sorted; null when it has no rows. */
export async function stageFile(
  { duckdb, archive, target, order, generation }: Staging,
  relation: string,
  { folder, month, name }: { readonly folder: string; readonly month: string; readonly name: string },
): Promise<StagedFile | null> {
  const stagedAs = `${STAGING}/${viewFolder(target)}--${newId()}`;
  const path = join(archive.folder, stagedAs);
  await mkdir(join(archive.folder, STAGING), { recursive: true });
  const rows = await writeFile(duckdb, `select * from ${relation}`, {
    path,
    format: 'parquet',
    orderBy: order,
  });
  if (rows === 0) {
    await rm(path, { force: true });
    return null;
  }
  await syncPath(path);
  const { size } = await stat(path);
  return {
    path: `${folder}/${name}-g${generation}.parquet`,
    month,
    rows,
    sizeBytes: size,
    stagedAs,
  };
}

/** What `stageFile` takes to write several files as one. */
export function filesRelation(
  archive: Archive,
  paths: readonly string[],
  { withName = false }: { readonly withName?: boolean } = {},
): string {
  const files = paths.map((path) => textLiteral(join(archive.folder, path)));
  return `read_parquet([${files.join(', ')}], hive_partitioning = false, filename = ${withName})`;
}
