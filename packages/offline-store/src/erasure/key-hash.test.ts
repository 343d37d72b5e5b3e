import { sql } from 'kysely';
import { expect } from 'vitest';
import { createOfflineStore, keyHasher, projectKeyHasher } from '../index.ts';
import { silent, test } from '../testing/store.ts';

const KEYS = ['ad-42', '', 'a|b', '%7C', 'grüße 🐘', "it's", '\u{1F468}‍\u{1F469}'];

test('Node and PostgreSQL compute the same hash of every key', async ({ store }) => {
  const hashOf = await projectKeyHasher(store, 'shop');
  for (const key of KEYS) {
    const { rows } = await sql<{ hash: Buffer }>`
      select sha256(secret || convert_to(${'ad'}, 'UTF8') || '\\x00'::bytea || convert_to(${key}, 'UTF8')) as hash
      from larder.erasure_secrets where project = 'shop'`.execute(store.db);
    expect(hashOf('ad', key)).toEqual(rows[0]?.hash);
    expect(hashOf('ad', key)).toHaveLength(32);
  }
});

test('the hash depends on the secret, the entity and the key', () => {
  const hashOf = keyHasher(Buffer.alloc(32, 1));
  const hashes = [
    hashOf('ad', 'ad-42'),
    hashOf('ad', 'ad-43'),
    hashOf('user', 'ad-42'),
    keyHasher(Buffer.alloc(32, 2))('ad', 'ad-42'),
  ].map((hash) => hash.toString('hex'));
  expect(new Set(hashes).size).toBe(4);
  expect(hashOf('ad', 'ad-42')).toEqual(hashOf('ad', 'ad-42'));
});

test('processes that start together get one secret, and projects have different ones', async ({
  store,
  database,
}) => {
  const stores = [1, 2, 3].map(() => createOfflineStore({ databaseUrl: database.url, logger: silent }));
  const hashers = await Promise.all([...stores, store].map((each) => projectKeyHasher(each, 'fresh')));
  const hashes = hashers.map((hashOf) => hashOf('ad', 'ad-42').toString('hex'));
  expect(new Set(hashes).size).toBe(1);
  const other = await projectKeyHasher(store, 'other');
  expect(other('ad', 'ad-42').toString('hex')).not.toBe(hashes[0]);
  await Promise.all(stores.map((each) => each.close()));
});
