import { test } from '@larder/testing';
import { expect } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { compileTtlAtRead } from '../reading/ttl-at-read.ts';
import { testHasher, orderAt, scoreCodec, scoreRow, scoreView } from '../testing/views.ts';
import { encodeGoneRow, isGoneRow } from './gone-row.ts';
import { readRowHeader } from './row-header.ts';

const NOW = 1_795_200_000_000;
const statusOf = compileTtlAtRead(scoreView);

test('a gone row is not found, at any age, and no reader of format 1 takes it for a row', () => {
  const gone = encodeGoneRow(scoreView, orderAt(NOW));
  expect(isGoneRow(gone)).toBe(true);
  for (const nowMs of [NOW, NOW * 2]) expect(statusOf(gone, nowMs)).toBe('NOT_FOUND');
  expect(scoreCodec.decode(gone)).toBeNull();
  expect(readRowHeader(gone)).toMatchObject({ eventTimestampMs: NOW, format: 0 });
});

test('a cut off row and an unknown format stay unreadable', () => {
  const row = scoreCodec.encode(orderAt(NOW), { score: 1 });
  const longer = Buffer.concat([encodeGoneRow(scoreView, orderAt(NOW)), Buffer.alloc(1)]);
  for (const other of [row.subarray(0, 22), longer]) {
    expect(isGoneRow(other)).toBe(false);
    expect(statusOf(other, NOW)).toBe('UNREADABLE');
  }
});

test('it takes part in the order of rows: an older row does not replace it, a newer one does', async ({
  redis,
}) => {
  const client = connectRedis(redis.url, { role: 'worker' });
  const store = createOnlineStore({ redis: client, project: 'ads', keyHasher: testHasher });
  const at = (ms: number) => scoreRow('gone', orderAt(NOW + ms), {});
  const gone = { ...at(1), row: encodeGoneRow(scoreView, orderAt(NOW + 1)) };
  expect(await store.write([at(0)])).toEqual(['created']);
  expect(await store.write([gone])).toEqual(['replaced']);
  expect(await store.write([at(0)])).toEqual(['stale']);
  const [header] = await store.headers({ entity: 'ad', entityKeys: ['gone'], view: scoreView });
  expect(header).toMatchObject({ eventTimestampMs: NOW + 1 });
  expect(await store.write([at(2)])).toEqual(['replaced']);
  client.disconnect();
});
