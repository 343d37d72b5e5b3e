import { test } from '@larder/testing';
import { expect } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { compileRowCodec } from '../rows/row-codec.ts';
import { testHasher, orderAt, scoreCodec, scoreRow, scoreView } from '../testing/views.ts';
import { compileTtlAtRead } from './ttl-at-read.ts';

const NOW = 1_795_200_000_000;
const viewStatus = compileTtlAtRead(scoreView);

test('a row is present up to its TTL and no millisecond longer', () => {
  const row = scoreCodec.encode(orderAt(NOW - scoreView.ttl_ms), { score: 1 });
  expect(viewStatus(row, NOW)).toBe('PRESENT');
  expect(viewStatus(row, NOW + 1)).toBe('OUTSIDE_MAX_AGE');
  expect(compileTtlAtRead({ ...scoreView, ttl_ms: 'forever' })(row, NOW * 2)).toBe('PRESENT');
});

test('an event slightly in the future is present', () => {
  expect(viewStatus(scoreCodec.encode(orderAt(NOW + 1_000), {}), NOW)).toBe('PRESENT');
});

test('nothing is not found; a row of another schema and bytes that are not a row are unreadable', () => {
  expect(viewStatus(null, NOW)).toBe('NOT_FOUND');
  const other = compileRowCodec({ ...scoreView, schema_fingerprint: 7 }).encode(orderAt(NOW), { score: 1 });
  for (const row of [other, Buffer.from('short')]) expect(viewStatus(row, NOW)).toBe('UNREADABLE');
});

test('the TTL holds at read, though Redis still keeps the row', async ({ redis }) => {
  const client = connectRedis(redis.url, { role: 'worker' });
  const store = createOnlineStore({ redis: client, project: 'ads', keyHasher: testHasher });
  await store.write([scoreRow('old', orderAt(NOW - 2 * scoreView.ttl_ms), { ttlMs: 'forever' })]);
  const [[row] = []] = await store.read(store.compileRead([{ entity: 'ad', views: [scoreView] }]), [['old']]);
  expect(row).toBeInstanceOf(Buffer);
  expect(viewStatus(row ?? null, NOW)).toBe('OUTSIDE_MAX_AGE');
  client.disconnect();
});
