import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { serialize } from 'node:v8';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { createMaterializer } from '@larder/materialization';
import { forgetEntity } from '@larder/materialization/erasure';
import { QUICK } from '@larder/materialization/fixtures/quick-times';
import { createBackfill, getRun } from '@larder/materialization/runs';
import { createOfflineStore, ensureHistory, migrate, projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { test } from '@larder/testing';
import { expect, inject, onTestFinished, vi } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const WAIT = { timeout: 150_000, interval: 20 };
const TEXTS = ['The battery died.', 'Great film!', 'Good morning', 'The battery died.'];
const logger = createLogger('test', { level: 'silent' });

test(
  'the same text is embedded once: not for another key, nor in a later run, until it is forced or forgotten',
  { timeout: 300_000 },
  async ({ database, redis }) => {
    const root = join(inject('testFolder'), 'same-text');
    cpSync(join(import.meta.dirname, 'same-text'), root, { recursive: true });
    cpSync(join(ROOT, 'examples/comments/models/text_encoder'), join(root, 'models/text_encoder'), {
      recursive: true,
    });
    const store = createOfflineStore({ databaseUrl: database.url, logger });
    await migrate(store);
    const project = await loadProject(join(root, 'larder.config.ts'));
    const { manifest } = project;
    for (const view of Object.values(manifest.feature_views)) await ensureHistory(store, manifest, view);
    const connection = connectRedis(redis.url, { role: 'worker' });
    const onlineStore = createOnlineStore({
      redis: connection,
      project: project.name,
      keyHasher: () => projectKeyHasher(store, project.name),
    });
    const worker = createMaterializer({
      project,
      offlineStore: store,
      onlineStore,
      queueRedisUrl: redis.url,
      slots: 1,
      batchRows: 8,
      connections: { site: database.url },
      times: QUICK,
      logger,
      valueMemoryBytes: 2 ** 20,
    });
    onTestFinished(async () => {
      await worker.stop({ deadlineMs: 5_000 });
      connection.disconnect();
      await store.close();
    });
    const sql = async <Row>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
      (await store.pool.query(text, [...values])).rows as Row[];
    await sql(
      'create table public.comments (comment_id text primary key, text text, written_at timestamptz)',
    );
    const write = async (writtenAt: string) => {
      await sql('truncate comments');
      await sql(
        `insert into comments select 'c-' || at, text, $2 from unnest($1::text[]) with ordinality as t (text, at)`,
        [Array.from({ length: 40 }, (_, at) => TEXTS[at % TEXTS.length]), writtenAt],
      );
    };
    /** Number of distinct embeddings of the newest rows, and whether one is the planted one. */
    const backfill = async (force = false) => {
      const { runId } = await createBackfill(store, {
        manifest,
        view: 'comment_text',
        scope: { all: true },
        force,
      });
      await vi.waitUntil(async () => (await getRun(store, project.name, runId)).finishedAt !== null, WAIT);
      expect(await getRun(store, project.name, runId)).toMatchObject({
        status: 'succeeded',
        rows: { failed: 0 },
      });
      const rows = await sql<{ embedding: number[] }>(`
        select distinct on (comment_id) embedding from texts_history.comment_text_v1
        order by comment_id, event_timestamp desc, created_timestamp desc, revision desc`);
      expect(rows).toHaveLength(40);
      return { embeddings: new Set(rows.map(({ embedding }) => embedding.join())).size, rows };
    };
    const remembered = () => sql<{ values: number }>('select 1 from larder.remembered_values');

    await write('2026-03-01');
    const first = await backfill();
    expect(first.embeddings).toBe(3);
    expect(await remembered()).toHaveLength(3);

    // An embedding that no text has: it shows where the memory is used.
    const planted = serialize({ embedding: new Float32Array(48).fill(0.5) });
    await sql('update larder.remembered_values set values = $1', [planted]);
    await write('2026-03-02');
    const second = await backfill();
    expect(second.rows.every(({ embedding }) => embedding.every((value) => value === 0.5))).toBe(true);

    expect((await backfill(true)).rows).toEqual(first.rows);

    await forgetEntity(
      {
        offlineStore: store,
        onlineStore,
        logger,
        eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
      },
      { manifest, entity: 'comment', key: 'c-2', actor: 'test', reason: 'asked' },
    );
    expect(await remembered()).toHaveLength(2);
  },
);
