import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { openDuckdb, writeFile as writeData } from '@larder/archive';
import { newId } from '@larder/core';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { expect, inject } from 'vitest';
import { runProgram } from '../program.ts';

async function importFile(shop: Shop, file: string, ...args: readonly string[]) {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const code = await runProgram({
    argv: ['labels', 'import', file, '--name', 'clicked', '--json', ...args, ...stores],
    stdout,
    stderr,
    signal: new AbortController().signal,
  });
  return { code, body: JSON.parse(String(stdout.read())) as object };
}

async function fileOf(name: string, text: string): Promise<string> {
  const path = join(inject('testFolder'), name);
  await writeFile(path, text);
  return path;
}

const storedOf = async (shop: Shop, where: string) => {
  const { rows } = await shop.store.pool.query<object>(
    `select event_id, entity_key, event_timestamp, value, weight from larder.labels where ${where} order by event_id`,
  );
  return rows;
};

test('a CSV file is stored, once, and names the rows that are refused', async ({ shop }) => {
  const id = newId();
  const file = await fileOf(
    'clicks.csv',
    [
      'event_id,prediction_id,clicked,event_timestamp,note,weight,corrects',
      `007,${id},TRUE,2026-11-20T09:31:00.123456Z,"a, b",2.5,`,
      `008,${id},0.25,2026-11-20 11:31:00+02,,,007`,
      `009,${id},-3,2026-11-20 09:31:00,,,`,
      `010,${id},,2026-11-20T09:31:00Z,,,`,
      `011,${id},,2026-11-20T09:31:00Z,,,009`,
      `012,7,1,yesterday,,,`,
      '',
    ].join('\n'),
  );
  const first = await importFile(shop, file, '--source', 'csv');
  expect(first).toMatchObject({
    code: 1,
    body: {
      rows: 6,
      stored: 4,
      known: 0,
      refused: 2,
      refused_by_code: { REQUEST_INVALID: 2 },
      refusals: expect.arrayContaining([
        {
          row: expect.any(Number),
          event_id: '010',
          code: 'REQUEST_INVALID',
          errors: [{ pointer: '/value', detail: expect.any(String) }],
        },
        {
          row: expect.any(Number),
          event_id: '012',
          code: 'REQUEST_INVALID',
          errors: ['/prediction_id', '/event_timestamp'].map((pointer) => ({
            pointer,
            detail: expect.any(String),
          })),
        },
      ]),
    },
  });
  const at = new Date('2026-11-20T09:31:00Z');
  expect(await storedOf(shop, `source = 'csv'`)).toMatchObject([
    { event_id: '007', event_timestamp: new Date('2026-11-20T09:31:00.123Z'), value: true, weight: 2.5 },
    { event_id: '008', event_timestamp: at, value: 0.25, weight: 1 },
    { event_id: '009', event_timestamp: at, value: -3 },
    { event_id: '011', event_timestamp: at, value: null },
  ]);
  expect((await importFile(shop, file, '--source', 'csv')).body).toMatchObject({ stored: 0, known: 4 });
});

test('Parquet without ids of events, by the join keys of an entity', async ({ shop }) => {
  const folder = inject('testFolder');
  const duckdb = await openDuckdb({ folders: [folder] });
  const path = join(folder, 'clicks.parquet');
  await writeData(
    duckdb,
    `select 'ad-' || range as ad_id, 7::bigint as user_id, range % 2 = 0 as value,
       timestamptz '2026-11-20 09:31:00.123456+00' as event_timestamp from range(2500)`,
    { path, format: 'parquet' },
  );
  await duckdb.close();
  const args = [path, '--source', 'parquet', '--entity', 'ad_user'] as const;
  expect(await importFile(shop, ...args)).toMatchObject({ code: 0, body: { rows: 2_500, stored: 2_500 } });
  expect(await importFile(shop, ...args)).toMatchObject({ code: 0, body: { stored: 0, known: 2_500 } });
  expect(await storedOf(shop, `source = 'parquet' and entity_key = 'ad-3|7'`)).toMatchObject([
    { event_timestamp: new Date('2026-11-20T09:31:00.123Z'), value: false },
  ]);
});

test('JSON lines keep the types of values; a text among numbers is refused', async ({ shop }) => {
  const line = (value: unknown, more: object = {}) =>
    JSON.stringify({ prediction_id: newId(), event_timestamp: '2026-11-20T09:31:00Z', value, ...more });
  const lines = [line('1', { event_id: 'a' }), line(1, { event_id: 'b' }), line(true, { event_id: 'c' })];
  const file = await fileOf('clicks.jsonl', lines.join('\n'));
  expect(await importFile(shop, file, '--source', 'json')).toMatchObject({
    code: 1,
    body: { stored: 2, refusals: [{ row: 1, event_id: 'a', errors: [{ pointer: '/value' }] }] },
  });
  expect(await storedOf(shop, `source = 'json'`)).toMatchObject([{ value: 1 }, { value: true }]);
});

test('a value nested without end is refused, by its line; brackets in texts count for nothing', async ({
  shop,
}) => {
  const line = (value: string) =>
    `{"prediction_id":"${newId()}","event_timestamp":"2026-11-20T09:31:00Z","value":${value}}`;
  const texts = JSON.stringify(`\\"${'['.repeat(200)}`);
  const deep = [line(texts), line('['.repeat(200_000) + ']'.repeat(200_000))];
  const file = await fileOf('deep.jsonl', deep.join('\n'));
  expect(await importFile(shop, file, '--source', 'deep')).toMatchObject({
    code: 1,
    body: {
      code: 'DATA_FILE_INVALID',
      detail: expect.stringMatching(/line 2: values are nested more than 100/),
    },
  });
});

test.for([
  ['none.csv', [], 1, 'DATA_FILE_INVALID'],
  ['clicks.txt', [], 2, 'REQUEST_INVALID'],
  ['empty.csv', ['--entity', 'nothing'], 2, 'REQUEST_INVALID'],
  ['columns.csv', [], 1, 'DATA_FILE_INVALID'],
] as const)('%s %s is refused', async ([name, args, code, problem], { shop }) => {
  await fileOf('columns.csv', 'event_timestamp,prediction_id\n2026-11-20T09:31:00Z,1\n');
  const file = join(inject('testFolder'), name);
  expect(await importFile(shop, file, ...args)).toMatchObject({ code, body: { code: problem } });
});
