import { entityKey, parseEntityKey, type EntityManifest } from '@larder/features';
import { test } from '@larder/testing';
import { expect } from 'vitest';
import { connectRedis } from '../connection/connect-redis.ts';
import { createOnlineStore } from '../online-store.ts';
import { testHasher, orderAt, scoreCodec, scoreRow, scoreView } from '../testing/views.ts';

const pair: EntityManifest = {
  name: 'ad',
  join_keys: [
    { name: 'a', type: 'string' },
    { name: 'b', type: 'string' },
  ],
};
const PARTS = [
  '}',
  '{x}',
  'a|b',
  '100%',
  '%7C',
  'new\nline\r\0',
  'Ünï🏖',
  '*?[a]\\',
  ' ',
  '',
  'larder:ads:{ad:1}',
  'x'.repeat(1_000),
];

test('keys of any text are written, read, inspected and listed as themselves', async ({ redis }) => {
  const client = connectRedis(redis.url, { role: 'worker' });
  const store = createOnlineStore({ redis: client, project: 'ads', keyHasher: testHasher });
  const entities = PARTS.flatMap((a) => ['', 'x|', '}{'].map((b) => ({ a, b })));
  const keys = entities.map((values) => entityKey(pair, values));
  expect(new Set(keys).size).toBe(entities.length);
  await store.write(keys.map((key, i) => scoreRow(key, orderAt(i))));

  const [rows] = await store.read(store.compileRead([{ entity: 'ad', views: [scoreView] }]), [keys]);
  expect(rows?.map((row) => row && scoreCodec.decode(row)?.header.eventTimestampMs)).toEqual(
    keys.map((_, i) => i),
  );
  for (const [i, key] of keys.entries()) {
    const fields = (await store.inspect('ad', key))?.fields ?? [];
    expect(fields.map(({ row }) => scoreCodec.decode(row)?.header.eventTimestampMs)).toEqual([i]);
  }
  const listed = await store.keys('ad', { cursor: null, limit: 10_000 });
  expect(listed.keys.map((key) => parseEntityKey(pair, key))).toEqual(expect.arrayContaining(entities));
  expect(listed.keys).toHaveLength(entities.length);
  client.disconnect();
});
