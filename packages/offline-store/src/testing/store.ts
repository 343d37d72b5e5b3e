import { createLogger } from '@larder/core';
import type { FeatureViewManifest, FieldManifest } from '@larder/features';
import { test as base } from '@larder/testing';
import {
  createOfflineStore,
  migrate,
  type HistoryProject,
  type HistoryRow,
  type OfflineStore,
} from '../index.ts';

export const silent = createLogger('test', { level: 'silent' });

/** `test` with a migrated store on the file's database. */
export const test = base.extend<{ $file: { store: OfflineStore } }>({
  store: [
    async ({ database }, use) => {
      const store = createOfflineStore({ databaseUrl: database.url, logger: silent });
      await migrate(store);
      await use(store);
      await store.close();
    },
    { scope: 'file' },
  ],
});

export const project: HistoryProject = {
  project: 'shop',
  entities: {
    ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] },
    user_ad: {
      name: 'user_ad',
      join_keys: [
        { name: 'user', type: 'int64' },
        { name: 'ad_id', type: 'string' },
      ],
    },
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

export function row(adId: string, changed: Partial<HistoryRow> = {}): HistoryRow {
  const timestampMs = Date.UTC(2026, 10, 20, 9, 30);
  return {
    keys: { ad_id: adId },
    eventTimestampMs: timestampMs,
    createdTimestampMs: timestampMs,
    revision: 1,
    chunkId: 1,
    inputHash: 0n,
    values: {},
    ...changed,
  };
}
