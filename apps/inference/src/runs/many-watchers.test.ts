import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger } from '@larder/core';
import { createBackfill } from '@larder/materialization/runs';
import { createOfflineStore } from '@larder/offline-store';
import { expect, vi } from 'vitest';
import { test } from '../testing/inference-test.ts';
import { createRunEvents } from './run-events.ts';

const RUNS = 30;
const FOLLOWERS_PER_RUN = 3;

test('one query per tick serves all watchers of a run', async ({ service }) => {
  const { project, config } = service;
  const runIds: string[] = [];
  for (let at = 0; at < RUNS; at++)
    runIds.push(
      (
        await createBackfill(service.offlineStore, {
          manifest: project.manifest,
          view: 'ad_image',
          scope: { all: true },
        })
      ).runId,
    );
  const { pool } = service.offlineStore;
  await pool.query(`update larder.runs set status = 'running', started_at = now(), planned_at = now()`);
  await pool.query(
    `insert into larder.chunks (run_id, ordinal, bounds, rows_total) select run_id, 1, '{}', 100 from larder.runs`,
  );

  const logger = createLogger('test', { level: 'silent' });
  const offlineStore = createOfflineStore({ databaseUrl: config.databaseUrl, logger });
  const events = createRunEvents({ offlineStore, project: project.name, logger });
  const server = createServer(
    (request, response) => void events.stream(request.url?.slice(1) ?? '', response),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const seen = new Map<string, number>();
  const leaving = new AbortController();
  const follow = async (runId: string, name: string): Promise<void> => {
    const { body } = await fetch(`${url}/${runId}`, { signal: leaving.signal });
    const decoder = new TextDecoder();
    for await (const bytes of body ?? [])
      for (const [, done] of decoder.decode(bytes, { stream: true }).matchAll(/"done":(\d+)/g))
        seen.set(name, Number(done));
  };
  const followers = runIds.flatMap((runId) =>
    Array.from({ length: FOLLOWERS_PER_RUN }, (_, at) => follow(runId, `${runId} ${at}`).catch(() => {})),
  );
  const allSee = (done: number) =>
    vi.waitFor(
      () => {
        expect(seen.size).toBe(RUNS * FOLLOWERS_PER_RUN);
        for (const value of seen.values()) expect(value).toBe(done);
      },
      { timeout: 60_000 },
    );
  await allSee(0);

  let queries = 0;
  offlineStore.pool.on('acquire', () => (queries += 1));
  const startedAtMs = performance.now();
  for (const done of [20, 40, 60]) {
    await pool.query('update larder.chunks set rows_done = $1', [done]);
    await allSee(done);
  }
  const ticks = (performance.now() - startedAtMs) / 250;
  expect(queries).toBeGreaterThanOrEqual(3);
  expect(queries).toBeLessThanOrEqual(ticks + 2);

  leaving.abort();
  await Promise.all(followers);
  events.close();
  server.close();
  await offlineStore.close();
});
