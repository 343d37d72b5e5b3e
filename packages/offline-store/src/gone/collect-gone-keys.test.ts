import type { FieldManifest, FieldValue } from '@larder/features';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { appendHistory, collectGoneKeys, ensureHistory, goneKeyTexts, recordSeenKeys } from '../index.ts';
import { row, test, view } from '../testing/store.ts';
import type { HistoryProject } from '../index.ts';

const JOIN_KEYS: readonly FieldManifest[] = [
  { name: 'name', type: 'string' },
  { name: 'number', type: 'int64' },
  { name: 'flag', type: 'bool' },
  { name: 'day', type: 'timestamp' },
];
const project: HistoryProject = {
  project: 'gone',
  entities: { thing: { name: 'thing', join_keys: JOIN_KEYS } },
};
const things = view('things', [{ name: 'x', type: 'float32' }], 'thing');
const DAY = '2026-11-20T09:30:00.123Z';

/** Keys that differ by little, and texts that are hard to quote. */
const KEYS: readonly (readonly [string, string, string, string])[] = [
  ['a', '1', 'true', DAY],
  ['a', '1', 'false', DAY],
  ['a', '1', 'true', '2026-11-20T09:30:00.124Z'],
  ['a', '9007199254740993', 'true', DAY],
  ['', '-1', 'false', DAY],
  ['a|1', '1', 'true', DAY],
  [`'"\\{},NULL 🐘`, '1', 'true', DAY],
];

const valuesOf = ([name, number, flag, day]: (typeof KEYS)[number]): Record<string, FieldValue> => ({
  name,
  number: BigInt(number),
  flag: flag === 'true',
  day: new Date(day),
});

test('the keys that a run saw and those of history are told apart whatever their types', async ({
  store,
}) => {
  await ensureHistory(store, project, things);
  const rows = KEYS.map((key) => row('', { keys: valuesOf(key) }));
  await store.transaction((tx) => appendHistory(tx, project, things, rows));
  const { rows: runs } = await store.pool.query<{ run_id: string; chunk_id: number; revision: number }>(
    `with r as (
       insert into larder.runs (run_id, project, view, version, fingerprint, trigger, scope, priority, force, request_sha256)
       values (gen_random_uuid(), 'gone', 'things', 1, 'f', 'backfill', '{}', 50, false, 's') returning run_id, revision
     ), c as (insert into larder.chunks (run_id, ordinal, bounds, rows_total) select run_id, 0, '{}', 1 from r returning run_id, chunk_id)
     select * from r join c using (run_id)`,
  );
  const { run_id: runId, chunk_id: chunkId, revision } = runs[0] as (typeof runs)[number];
  const collect = async (seen: typeof KEYS, plannedAt = new Date(Date.now() + 60_000)) =>
    store.transaction(async (tx) => {
      await recordSeenKeys(tx, project, things, { runId, chunkId, revision, keys: seen });
      const counted = await collectGoneKeys(tx, project, things, { runId, revision, plannedAt });
      const { rows: gone } = await sql<{
        key: unknown;
      }>`select ${goneKeyTexts(project, things)} as key from gone_keys`.execute(tx.db);
      return { counted, keys: gone.map(({ key }) => key) };
    });

  expect(await collect(KEYS)).toEqual({ counted: { gone: 0, seen: KEYS.length }, keys: [] });
  for (const [at, missing] of KEYS.entries())
    expect(await collect(KEYS.toSpliced(at, 1))).toEqual({
      counted: { gone: 1, seen: KEYS.length - 1 },
      keys: [missing],
    });
  expect((await collect([])).counted).toEqual({ gone: KEYS.length, seen: 0 });
  expect((await collect([], new Date(Date.now() - 60_000))).counted, 'landed after the plan').toEqual({
    gone: 0,
    seen: 0,
  });
  const [first] = KEYS;
  const ended = row('', { keys: valuesOf(first as (typeof KEYS)[number]), revision: 2, isGone: true });
  await store.transaction((tx) => appendHistory(tx, project, things, [ended]));
  expect((await collect([])).counted.gone, 'one is gone already').toBe(KEYS.length - 1);
});
