import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { CONFIG_PATH, test, type Shop } from '@larder/materialization/fixtures';
import { expect, inject } from 'vitest';
import { runProgram } from '../program.ts';

interface Answer {
  readonly code: number;
  readonly body: {
    readonly accepted?: number;
    readonly duplicates?: number;
    readonly rejected?: readonly {
      readonly index: number;
      readonly errors: readonly { pointer: string }[];
    }[];
    readonly run_ids?: readonly string[];
    readonly code?: string;
  };
}

async function larderPush(shop: Shop, view: string, rows: readonly unknown[]): Promise<Answer> {
  const file = join(inject('testFolder'), 'rows.jsonl');
  await writeFile(file, rows.map((row) => JSON.stringify(row)).join('\n'));
  const stdout = new PassThrough();
  const stores = ['--project', CONFIG_PATH, '--database-url', shop.databaseUrl, '--redis-url', shop.redisUrl];
  const code = await runProgram({
    argv: ['push', view, file, '--json', ...stores],
    stdout,
    stderr: new PassThrough(),
    signal: new AbortController().signal,
  });
  return { code, body: JSON.parse(String(stdout.read())) as Answer['body'] };
}

const row = (i: number, clicks: unknown) => ({
  ad_id: `ad-${i}`,
  user_id: 7,
  event_timestamp: '2026-11-01T10:00:00Z',
  clicks,
  spent: 1.5,
  note: null,
});

test('lands a file page by page and names the wrong rows by their place in it', async ({ shop }) => {
  const rows = Array.from({ length: 1_500 }, (_, i) => row(i, i === 1_200 ? 'many' : i));
  const { code, body } = await larderPush(shop, 'ad_user_stats', rows);
  expect(code).toBe(1);
  expect(body).toMatchObject({
    accepted: 1_499,
    rejected: [{ index: 1_200, errors: [{ pointer: '/rows/1200/clicks' }] }],
  });
  expect(body.run_ids).toHaveLength(2);
  expect((await shop.online('ad_user_stats@1', 'ad-1499|7'))?.values).toMatchObject({ clicks: 1_499n });
  expect((await larderPush(shop, 'ad_user_stats', [row(1, 1)])).code).toBe(0);
});

test('refuses a view that computes', async ({ shop }) => {
  expect(await larderPush(shop, 'ad_words', [row(1, 1)])).toMatchObject({
    code: 1,
    body: { code: 'PUSH_NOT_SUPPORTED' },
  });
});

test('lands events of a source, once', async ({ shop }) => {
  const event = (i: number, changed = {}) => ({
    event_id: `e${i}`,
    event_timestamp: new Date(Date.now() - 60_000).toISOString(),
    ad_id: `ad-${i % 3}`,
    kind: 'click',
    ...changed,
  });
  const events = Array.from({ length: 1_100 }, (_, i) => event(i, i === 1_050 ? { bid: 'much' } : {}));
  expect(await larderPush(shop, 'ad_events', events)).toMatchObject({
    code: 1,
    body: {
      accepted: 1_099,
      duplicates: 0,
      rejected: [{ index: 1_050, errors: [{ pointer: '/events/1050/bid' }] }],
    },
  });
  expect(await larderPush(shop, 'ad_events', events.slice(0, 10))).toMatchObject({
    code: 0,
    body: { accepted: 0, duplicates: 10 },
  });
});
