import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { newId } from '@larder/core';
import { sql } from 'kysely';
import { expect } from 'vitest';
import {
  createOfflineStore,
  readChanges,
  recordChange,
  startSequencer,
  type OfflineStore,
} from '../index.ts';
import { landed } from '../testing/changes.ts';
import { silent, test } from '../testing/store.ts';

/** What one landing does between its insert and its commit or rollback. */
const landing = fc.record({
  startMs: fc.nat(40),
  openMs: fc.oneof(fc.constant(0), fc.nat(60)),
  commits: fc.oneof(
    { weight: 4, arbitrary: fc.constant(true) },
    { weight: 1, arbitrary: fc.constant(false) },
  ),
});
const scenario = fc.record({
  landings: fc.array(landing, { minLength: 1, maxLength: 16 }),
  pageSize: fc.integer({ min: 1, max: 5 }),
  /** Sessions of the sequencers are killed at these instants, whatever they are doing. */
  killsAtMs: fc.array(fc.nat(80), { maxLength: 3 }),
});

async function land(
  store: OfflineStore,
  project: string,
  chunkId: number,
  { startMs, openMs, commits }: { startMs: number; openMs: number; commits: boolean },
): Promise<void> {
  await pause(startMs);
  await store
    .transaction(async (tx) => {
      await recordChange(tx, project, landed(chunkId));
      await pause(openMs);
      if (!commits) throw new Error('The landing fails.');
    })
    .catch((error: unknown) => {
      if (commits) throw error;
    });
}

/** Reads page by page while landings continue, until it has read as many changes as were committed. */
async function consume(
  store: OfflineStore,
  project: string,
  { count, limit, signal }: { count: number; limit: number; signal: AbortSignal },
): Promise<number[]> {
  const chunks: number[] = [];
  let after: string | null = null;
  while (!signal.aborted) {
    const page = await readChanges(store, { project, after, limit });
    for (const change of page.changes) {
      if (change.kind === 'landed') chunks.push(change.chunkId);
      expect(change.position).toBe(chunks.length);
    }
    after = page.cursor;
    if (chunks.length >= count && page.changes.length === 0) return chunks;
    if (page.changes.length === 0) await pause(2);
  }
  return chunks;
}

test('with slow, failing and overlapping landings and any number of sequencers, no consumer misses a change or reads it twice', async ({
  database,
  store,
}) => {
  const landers = createOfflineStore({ databaseUrl: database.url, maxConnections: 16, logger: silent });
  const sequencing = ['a', 'b'].map((name) => {
    const url = `${database.url}${database.url.includes('?') ? '&' : '?'}application_name=sequencer-${name}`;
    return createOfflineStore({ databaseUrl: url, maxConnections: 2, logger: silent });
  });
  const sequencers = sequencing.map((each) =>
    startSequencer({ store: each, logger: silent, idleIntervalMs: 5 }),
  );
  let killed = 0;
  try {
    await fc.assert(
      fc.asyncProperty(scenario, async ({ landings, pageSize, killsAtMs }) => {
        const project = `p${newId()}`;
        const committed = landings.flatMap(({ commits }, chunkId) => (commits ? [chunkId] : []));
        const signal = AbortSignal.timeout(60_000);
        const consumers = [pageSize, 100].map((limit) =>
          consume(store, project, { count: committed.length, limit, signal }),
        );
        await Promise.all([
          ...landings.map((each, chunkId) => land(landers, project, chunkId, each)),
          ...killsAtMs.map(async (ms) => {
            await pause(ms);
            const { rows } = await sql`select pg_terminate_backend(pid) from pg_stat_activity
              where datname = current_database() and application_name like 'sequencer-%'`.execute(store.db);
            killed += rows.length;
          }),
        ]);
        for (const chunks of await Promise.all(consumers))
          expect(chunks.toSorted((a, b) => a - b)).toEqual(committed);
        const { rows } = await sql`select from larder.unnumbered_changes where project = ${project}`.execute(
          store.db,
        );
        expect(rows).toEqual([]);
      }),
      { numRuns: 25, interruptAfterTimeLimit: 60_000 },
    );
    expect(killed).toBeGreaterThan(0);
  } finally {
    await Promise.all(sequencers.map((sequencer) => sequencer.close()));
    await Promise.all([landers, ...sequencing].map((each) => each.close()));
  }
});
