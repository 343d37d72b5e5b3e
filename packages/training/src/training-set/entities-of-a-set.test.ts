import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { test as base } from '../testing/history-test.ts';
import { readRows } from '../testing/read-rows.ts';
import { buildTrainingSet } from './build-training-set.ts';

const test = base.override({
  config: [async ({}, use) => use('kinds.config.ts'), { scope: 'file' }],
});
const HOUR_MS = 3_600_000;
const AT_MS = Date.parse('2026-03-10T12:00:00Z');
const clock = { nowMs: () => AT_MS + HOUR_MS };

test('a set joins views of no entity, of one and of two, each as it was known at the time of the row', async ({
  history,
  folder,
}) => {
  const world = { everywhere: 'everywhere' };
  await history.land([
    { ref: 'market@1', keys: world, values: { mood: 0.25 }, eventTimestampMs: AT_MS - HOUR_MS / 2 },
    { ref: 'market@1', keys: world, values: { mood: 0.75 }, eventTimestampMs: AT_MS + HOUR_MS / 2 },
    {
      ref: 'seen@1',
      keys: { ad_id: 'a', shopper_id: 7 },
      values: { times: 3 },
      eventTimestampMs: AT_MS - HOUR_MS,
    },
  ]);
  const spine = join(folder, 'spine.csv');
  await writeFile(
    spine,
    `ad_id,country,shopper_id,event_timestamp
a,NL,7,2026-03-10T12:00:00Z
a,NL,7,2026-03-10T12:45:00Z
a,NL,8,2026-03-10T12:00:00Z
a,NL,7,2026-03-09T12:00:00Z
`,
  );
  const { store, definitions } = history;
  await buildTrainingSet(
    { store, definitions, connections: {}, actor: 'test', clock },
    {
      features: { kind: 'model', model: 'ad_world', version: 1 },
      spine: { kind: 'file', path: spine, format: 'csv' },
      folder: join(folder, 'set'),
    },
  );
  const rows = await readRows(join(folder, 'set', 'rows.parquet'));
  expect(rows.map((row) => [row['market:mood'], row['seen:times']])).toEqual([
    [0.25, 3],
    [0.75, 3],
    [0.25, 0],
    [null, 0],
  ]);
});
