import { writeFile } from 'node:fs/promises';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { systemClock } from '@larder/core';
import { expect } from 'vitest';
import { test, type History } from '../../testing/history-test.ts';
import { buildTrainingSet } from '../build-training-set.ts';

const HEADER = 'ad_id,country,shopper_id,event_timestamp,requested_at,placement,bid';
const GOOD = 'ad-1,NL,7,2026-03-10T12:00:00Z,2026-03-10T12:00:00Z,feed,0.5';

function build({ store, definitions }: History, path: string, folder: string) {
  return buildTrainingSet(
    { store, definitions, connections: {}, actor: 'test', clock: systemClock },
    {
      features: { kind: 'model', model: 'ad_ctr', version: 1 },
      spine: { kind: 'file', path, format: path.endsWith('.csv') ? 'csv' : 'parquet' },
      folder: join(folder, 'set'),
    },
  );
}

test.for([
  ['an empty file', '', /spine\.csv is empty/],
  ['no rows', `${HEADER}\n`, /spine\.csv has no rows/],
  [
    'missing columns',
    'ad_id,when\nad-1,2026-03-10T12:00:00Z\n',
    /lacks .*requested_at \(request field, timestamp\).*country \(join key, string\).*event_timestamp \(time of each row.* It has ad_id, when\./,
  ],
  ['a column twice', `${HEADER},bid\n${GOOD},1\n`, /two columns named bid/],
  ['columns that differ in case', `${HEADER},BID\n${GOOD},1\n`, /bid and BID, which differ only in case/],
  ['an empty key', `${HEADER}\n${GOOD}\n${GOOD.replace('ad-1', '')}\n`, /row 2, ad_id is empty/],
  [
    'a key of another type',
    `${HEADER}\n${GOOD}\n${GOOD.replace(',7,', ',7.5,')}\n`,
    /row 2, shopper_id must be a whole number within 2\^53/,
  ],
  [
    'a time that is none',
    `${HEADER}\n${GOOD.replace('2026-03-10T12:00:00Z,2026', 'yesterday,2026')}\n`,
    /row 1, event_timestamp must be an instant/,
  ],
  [
    'a time in a named zone',
    `${HEADER}\n${GOOD}\n${GOOD.replace('2026-03-10T12:00:00Z,2026', '2026-03-10 12:00:00 Europe/Berlin,2026')}\n`,
    /row 2, event_timestamp must be an instant/,
  ],
  [
    'a time before Christ',
    `${HEADER}\n${GOOD.replace('2026-03-10T12:00:00Z,2026', '5000-03-10 (BC) 12:00:00,2026')}\n`,
    /row 1, event_timestamp must be an instant of the years 1 to 9999/,
  ],
  [
    'a key with U+0000',
    `${HEADER}\n${GOOD.replace('ad-1', 'ad\0')}\n`,
    /row 1, ad_id must be text of at most 1024 bytes, without U\+0000/,
  ],
  ['a long key', `${HEADER}\n${GOOD.replace('ad-1', 'a'.repeat(1025))}\n`, /row 1, ad_id must be text of/],
  ['a column without a name', `,${HEADER}\n0,${GOOD}\n`, /Column 1 of spine\.csv has no name/],
  ['a name with U+0000', `a\0,${HEADER}\n0,${GOOD}\n`, /Column 1 of spine\.csv has U\+0000 in its name/],
  [
    'a column named as a feature',
    `AD_IMAGE:brightness,${HEADER}\n1,${GOOD}\n`,
    /has the column AD_IMAGE:brightness, and the set has a feature of that name/,
  ],
  [
    'a time in the future',
    `${HEADER}\n${GOOD}\n${GOOD.replace('2026-03-10T12:00:00Z,2026', '2999-03-10T12:00:00Z,2026')}\n`,
    /row 2, event_timestamp is in the future/,
  ],
  [
    'a request field that is none',
    `${HEADER}\n${GOOD.replace('0.5', 'much')}\n${GOOD.replace('0.5', '1e300')}\n`,
    /row 1, bid must be a number within float32 \(and 1 more/,
  ],
] as const)('%s is refused, and nothing is left', async ([, text, message], { history, folder }) => {
  const path = join(folder, 'spine.csv');
  await writeFile(path, text);
  await expect(build(history, path, folder)).rejects.toMatchObject({
    code: 'SPINE_INVALID',
    message: expect.stringMatching(message) as string,
  });
  expect(await readdir(folder)).toEqual(['spine.csv']);
});

test.for([
  ['more values', `${GOOD},1,2`, /line 3 has 9 values, and the header has 7 columns; put a value/],
  ['fewer values', 'ad-1,NL', /line 3 has 2 values, and the header has 7 columns\.$/],
  ['a line of more values', GOOD.replace('feed', '"fe\ned"') + `\n${GOOD},1`, /line 5 has 8 values/],
  ['an open quote', GOOD.replace('feed', '"feed'), /line 3: a double quote opens a value/],
] as const)('%s than there are columns: the line is named', async ([, row, message], { history, folder }) => {
  const path = join(folder, 'spine.csv');
  await writeFile(path, `${HEADER}\n${GOOD}\n${row}\n`);
  await expect(build(history, path, folder)).rejects.toMatchObject({
    code: 'DATA_FILE_INVALID',
    message: expect.stringMatching(message) as string,
  });
});

test('what is kept of a failure quotes no row', async ({ history, folder }) => {
  const path = join(folder, 'spine.csv');
  const lines = Array.from({ length: 30_000 }, () => GOOD);
  await writeFile(path, [HEADER, ...lines, `${GOOD.replace('ad-1', 'ad-private')},1,2`, ''].join('\n'));
  await expect(build(history, path, folder)).rejects.toMatchObject({ code: 'DATA_FILE_INVALID' });
  const { rows } = await history.store.pool.query<{ error_reason: string }>(
    'select error_reason from larder.training_sets order by training_set_id desc limit 1',
  );
  expect(rows[0]?.error_reason).toMatch(/^Reading spine\.csv failed: line 30002 has 9 values/);
  expect(rows[0]?.error_reason).not.toContain('ad-private');
});

test('columns of Parquet must have types that fit', async ({ history, folder }) => {
  const duckdb = await openDuckdb({ folders: [folder] });
  const path = join(folder, 'spine.parquet');
  await duckdb.run(`copy (select 1 as ad_id, 'NL' as country, 7.5 as shopper_id, 1773144000 as event_timestamp,
    timestamp '2026-03-10 12:00:00' as requested_at, 'feed' as placement, 0.5 as bid) to '${path}'`);
  await duckdb.close();
  await expect(build(history, path, folder)).rejects.toMatchObject({
    code: 'SPINE_INVALID',
    message: expect.stringMatching(
      /column ad_id is INTEGER: text is needed.*column shopper_id is DECIMAL.*whole numbers.*column event_timestamp is INTEGER: timestamps are needed/,
    ) as string,
  });
});
