import { createLogger } from '@larder/core';
import { loadedFunctions, type FieldValue, type LoadedProject } from '@larder/features';
import {
  appendHistory,
  createOfflineStore,
  ensureHistory,
  migrate,
  type OfflineStore,
} from '@larder/offline-store';
import { openFixture, type FixtureConfig } from '@larder/serving/testing';
import { test as base } from '@larder/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';

export interface History {
  readonly store: OfflineStore;
  readonly project: LoadedProject;
  readonly definitions: TrainingSetDefinitions;
  /** Appends rows to the history of `ad_image@1` and others; they count as known at their event timestamp. */
  land(rows: readonly LandedRow[]): Promise<void>;
}

export interface LandedRow {
  readonly ref: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly values: Readonly<Record<string, FieldValue>>;
  readonly eventTimestampMs: number;
  /** @default the event timestamp */
  readonly createdTimestampMs?: number;
  readonly revision?: number;
  readonly chunkId?: number;
}

/** `test` with the fixture project of serving, its history and a folder of the test. */
export const test = base
  .extend<{ $file: { history: History; config: FixtureConfig } }>({
    config: [async ({}, use) => use('larder.config.ts'), { scope: 'file' }],
    history: [
      async ({ database, config }, use) => {
        const store = createOfflineStore({
          databaseUrl: database.url,
          logger: createLogger('test', { level: 'silent' }),
        });
        await migrate(store);
        const project = await openFixture(inject('testFolder'), config);
        const { manifest } = project;
        for (const view of Object.values(manifest.feature_views)) await ensureHistory(store, manifest, view);
        await use({
          store,
          project,
          definitions: { manifest, functionOf: loadedFunctions(project) },
          async land(rows) {
            await store.transaction(async (tx) => {
              for (const { ref, eventTimestampMs, revision = 1, chunkId = 1, ...row } of rows) {
                const view = manifest.feature_views[ref];
                if (view === undefined) throw new Error(`There is no ${ref}.`);
                const createdTimestampMs = row.createdTimestampMs ?? eventTimestampMs;
                await appendHistory(tx, manifest, view, [
                  { ...row, eventTimestampMs, createdTimestampMs, revision, chunkId, inputHash: 0n },
                ]);
              }
            });
          },
        });
        await store.close();
      },
      { scope: 'file' },
    ],
  })
  .extend<{ folder: string }>({
    // oxlint-disable-next-line no-empty-pattern
    folder: async ({}, use) => {
      const folder = await mkdtemp(join(tmpdir(), 'larder-training-set-'));
      await use(folder);
      await rm(folder, { recursive: true, force: true });
    },
  });
