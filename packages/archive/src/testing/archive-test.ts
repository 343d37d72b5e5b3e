import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, newId } from '@larder/core';
import type { FeatureViewManifest, FieldManifest } from '@larder/features';
import {
  appendHistory,
  createOfflineStore,
  ensureHistory,
  migrate,
  recordChange,
  startSequencer,
  type HistoryProject,
  type HistoryRow,
  type OfflineStore,
} from '@larder/offline-store';
import { test as base } from '@larder/testing';
import { sql } from 'kysely';
import { archiveView, openArchive, openDuckdb, type Duckdb } from '../index.ts';

const silent = createLogger('test', { level: 'silent' });

/** A project of its own for every test, with an empty folder for its archive. */
export interface ArchiveTest {
  readonly store: OfflineStore;
  readonly project: HistoryProject;
  readonly dir: string;
}

export const test = base.extend<{ $file: { store: OfflineStore }; $test: { given: ArchiveTest } }>({
  store: [
    async ({ database }, use) => {
      const store = createOfflineStore({ databaseUrl: database.url, logger: silent });
      await migrate(store);
      const sequencer = startSequencer({ store, logger: silent, idleIntervalMs: 5 });
      await use(store);
      await sequencer.close();
      await store.close();
    },
    { scope: 'file' },
  ],
  given: async ({ store }, use) => {
    const dir = mkdtempSync(join(tmpdir(), 'larder-archive-test-'));
    await use({
      store,
      dir,
      project: { project: `p${newId().replaceAll('-', '').slice(-20)}`, entities: ENTITIES },
    });
    rmSync(dir, { recursive: true });
  },
});

const ENTITIES: HistoryProject['entities'] = {
  ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] },
  user_ad: {
    name: 'user_ad',
    join_keys: [
      { name: 'user', type: 'int64' },
      { name: 'ad_id', type: 'string' },
      { name: 'day', type: 'timestamp' },
      { name: 'mobile', type: 'bool' },
    ],
  },
};

export function view(name: string, schema: readonly FieldManifest[], entity = 'ad'): FeatureViewManifest {
  return {
    name,
    version: 1,
    entity,
    ttl_ms: 'forever',
    schedule: null,
    available_after_ms: 0,
    chunk_rows: 1_000,
    source: {
      kind: 'sql',
      connection: 'shop',
      query: 'select 1',
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: null,
    },
    schema,
    compute: null,
    owner: null,
    tags: {},
    fingerprint: 'f'.repeat(64),
    schema_fingerprint: 1,
  };
}

export type LandedRow = Omit<HistoryRow, 'chunkId' | 'inputHash' | 'revision'> &
  Partial<Pick<HistoryRow, 'revision'>>;

export interface Landing {
  readonly rows: readonly LandedRow[];
  /** When the online store confirms the chunk; null: not yet. @default now */
  readonly onlineAt?: Date | null;
}

/** Lands a chunk as a worker does. @returns its id */
export async function land(
  { store, project }: Pick<ArchiveTest, 'store' | 'project'>,
  feature: FeatureViewManifest,
  { rows, onlineAt = new Date() }: Landing,
): Promise<number> {
  await ensureHistory(store, project, feature);
  return store.transaction(async (tx) => {
    const { rows: runs } = await sql<{ runId: string; revision: number }>`
      insert into larder.runs (run_id, project, view, version, fingerprint, trigger, scope, priority, force, request_sha256)
      values (${newId()}, ${project.project}, ${feature.name}, ${feature.version}, '', 'backfill', '{}', 0, false, '')
      returning run_id as "runId", revision`.execute(tx.db);
    const run = runs[0] as { runId: string; revision: number };
    const { rows: chunks } = await sql<{ chunkId: number }>`
      insert into larder.chunks (run_id, ordinal, bounds, rows_total, state, online_at, landed_at)
      values (${run.runId}, 0, '{}', ${rows.length}, ${onlineAt === null ? 'landed_history' : 'done'}, ${onlineAt}, now())
      returning chunk_id as "chunkId"`.execute(tx.db);
    const { chunkId } = chunks[0] as { chunkId: number };
    const history = rows.map((row) => ({ revision: run.revision, ...row, chunkId, inputHash: 7n }));
    await appendHistory(tx, project, feature, history);
    const times = rows.map(({ eventTimestampMs }) => eventTimestampMs);
    await recordChange(tx, project.project, {
      kind: 'landed',
      view: feature.name,
      version: feature.version,
      runId: run.runId,
      chunkId,
      revision: run.revision,
      rows: rows.length,
      firstEventTimestampMs: Math.min(...times),
      lastEventTimestampMs: Math.max(...times),
    });
    return chunkId;
  });
}

/** Waits until all changes have positions. */
export async function numbered({ store, project }: Pick<ArchiveTest, 'store' | 'project'>): Promise<void> {
  for (;;) {
    const { rows } =
      await sql`select from larder.unnumbered_changes where project = ${project.project}`.execute(store.db);
    if (rows.length === 0) return;
  }
}

export async function withDuckdb<T>(folder: string, work: (duckdb: Duckdb) => Promise<T>): Promise<T> {
  const duckdb = await openDuckdb({ folders: [folder] });
  try {
    return await work(duckdb);
  } finally {
    await duckdb.close();
  }
}

export async function archiveNow(given: ArchiveTest, feature: FeatureViewManifest) {
  const { store, project, dir } = given;
  const archive = await openArchive(store, dir, project.project);
  return withDuckdb(archive.folder, (duckdb) =>
    archiveView(store, { project, view: feature, archive, duckdb }),
  );
}

/** What an outside reader sees. */
export function globbed<Row>(
  { dir, project }: Pick<ArchiveTest, 'dir' | 'project'>,
  feature: FeatureViewManifest,
  select: string,
): Promise<Row[]> {
  const files = `${dir}/${project.project}/${feature.name}_v${feature.version}/*/*.parquet`;
  return withDuckdb(dir, (duckdb) =>
    duckdb.all<Row>(`select ${select} from read_parquet('${files}', hive_partitioning = true)`),
  );
}
