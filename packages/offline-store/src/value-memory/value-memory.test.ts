import { createHash } from 'node:crypto';
import { newId } from '@larder/core';
import { expect } from 'vitest';
import {
  beginErasure,
  eraseRemembered,
  evictValues,
  keyHasher,
  memoryBytes,
  projectKeyHasher,
  recallContents,
  recallValues,
  remember,
  type ContentToRemember,
  type MemoryScope,
  type OfflineStore,
} from '../index.ts';
import { test } from '../testing/store.ts';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const scopeOf = (project: string, changed: Partial<MemoryScope> = {}): MemoryScope => ({
  project,
  computation: sha256('image_features'),
  revision: 7,
  forced: false,
  ...changed,
});
const AD = { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] } as const;

function content(
  address: string,
  bytes: string,
  changed: Partial<ContentToRemember> = {},
): ContentToRemember {
  return {
    addressHash: sha256(address),
    contentSha256: sha256(bytes),
    asked: { etag: `"${bytes}"`, lastModified: null },
    values: Buffer.from(`values of ${bytes}`),
    keyHashes: [],
    ...changed,
  };
}

async function recalled(store: OfflineStore, scope: MemoryScope, address: string) {
  const [found] = await recallContents(store, scope, [sha256(address)]);
  return found && { etag: found.etag, current: found.current, values: found.values?.toString() ?? null };
}

test('a computation recalls its values by address and by content; another one, or project, does not', async ({
  store,
}) => {
  const scope = scopeOf('recall');
  await remember(store, scope, { entity: 'ad', contents: [content('/a.png', 'A'), content('/b.png', 'B')] });
  expect(await recalled(store, scope, '/a.png')).toEqual({
    etag: '"A"',
    current: true,
    values: 'values of A',
  });
  expect(await recalled(store, { ...scope, revision: 8 }, '/a.png')).toMatchObject({ current: false });
  const other = { ...scope, computation: sha256('another encoder') };
  expect(await recalled(store, other, '/a.png')).toEqual({ etag: '"A"', current: true, values: null });
  expect(await recalled(store, { ...scope, project: 'stranger' }, '/a.png')).toBeUndefined();
  const contents = [sha256('B'), sha256('unknown')];
  expect((await recallValues(store, scope, contents)).map(({ values }) => values.toString())).toEqual([
    'values of B',
  ]);
  expect(await recallValues(store, other, contents)).toEqual([]);
});

test('a forced run recalls only what it computed itself', async ({ store }) => {
  const scope = scopeOf('forced');
  await remember(store, scope, { entity: 'ad', contents: [content('/a.png', 'A')] });
  const forced = { ...scope, revision: 8, forced: true };
  expect(await recalled(store, forced, '/a.png')).toMatchObject({ values: null });
  expect(await recallValues(store, forced, [sha256('A')])).toEqual([]);
  const again = content('/a.png', 'A', { values: Buffer.from('again') });
  await remember(store, forced, { entity: 'ad', contents: [again] });
  expect(await recalled(store, forced, '/a.png')).toMatchObject({ values: 'again' });
  expect(await recalled(store, scope, '/a.png')).toMatchObject({ values: 'again' });
});

test('an address that answers with another content is remembered with that one', async ({ store }) => {
  const scope = scopeOf('changed');
  await remember(store, scope, { entity: 'ad', contents: [content('/a.png', 'A')] });
  await remember(store, scope, { entity: 'ad', contents: [content('/a.png', 'A2')] });
  expect(await recalled(store, scope, '/a.png')).toMatchObject({ etag: '"A2"', values: 'values of A2' });
  // Bytes that another view left say nothing about validators.
  await remember(store, scope, { entity: 'ad', contents: [content('/a.png', 'A2', { asked: null })] });
  expect(await recalled(store, scope, '/a.png')).toMatchObject({ etag: '"A2"' });
});

test('the memory shrinks to its limit, values used longest ago first, and nothing is left of them', async ({
  store,
}) => {
  const scope = scopeOf('evict');
  const keyHash = keyHasher(Buffer.alloc(32))('ad', 'ad-1');
  for (let at = 0; at < 40; at++) {
    const one = content(`/${at}.png`, `${at}`, { values: Buffer.alloc(1_000), keyHashes: [keyHash] });
    await remember(store, scope, { entity: 'ad', contents: [one] });
  }
  await store.pool.query(
    `update larder.remembered_values set used_at = now() - interval '1 day' where content_sha256 = $1`,
    [sha256('0')],
  );
  // Used again: no longer the oldest.
  await remember(store, scope, { entity: 'ad', contents: [content('/0.png', '0', { values: null })] });
  expect(await evictValues(store, 'evict', 1_000_000)).toBe(0);
  const before = await memoryBytes(store, 'evict');
  expect(before).toBeGreaterThan(40_000);
  expect(await evictValues(store, 'evict', before / 2)).toBeGreaterThan(10);
  expect(await memoryBytes(store, 'evict')).toBeLessThanOrEqual(before / 2);
  expect(await memoryBytes(store, 'evict')).toBeGreaterThan(before / 4);
  expect(await recalled(store, scope, '/0.png')).toMatchObject({ values: Buffer.alloc(1_000).toString() });
  expect(await recalled(store, scope, '/1.png')).toBeUndefined();
  await evictValues(store, 'evict', 0);
  expect(await memoryBytes(store, 'evict')).toBe(0);
});

test('an erasure deletes every content that rows of the key used, also older ones, and nothing returns', async ({
  store,
}) => {
  const scope = scopeOf('erase');
  const hashOf = await projectKeyHasher(store, 'erase');
  const [gone, other] = [hashOf('ad', 'gone'), hashOf('ad', 'other')];
  const contents = [
    content('/gone.png', 'G', { keyHashes: [gone] }),
    content('/shared.png', 'S', { keyHashes: [gone, other] }),
    content('/other.png', 'O', { keyHashes: [other] }),
  ];
  await remember(store, scope, { entity: 'ad', contents });
  // The address of the key has another content now; the older one must go as well.
  await remember(store, scope, {
    entity: 'ad',
    contents: [content('/gone.png', 'G2', { keyHashes: [gone] })],
  });
  const erasure = await beginErasure(store, {
    project: 'erase',
    entity: AD,
    keys: { ad_id: 'gone' },
    slot: 0,
    actor: newId(),
    reason: null,
  });
  await eraseRemembered(store, erasure);
  const left = async () =>
    (await recallValues(store, scope, ['G', 'G2', 'S', 'O'].map(sha256))).map(({ values }) =>
      values.toString(),
    );
  expect(await left()).toEqual(['values of O']);
  expect(await recalled(store, scope, '/gone.png')).toBeUndefined();
  // A batch that was computing meanwhile.
  await remember(store, scope, { entity: 'ad', contents });
  expect(await left()).toEqual(['values of O']);
  const { rows } = await store.pool.query(
    `select key_hash from larder.remembered_uses where project = 'erase'`,
  );
  expect(rows).toEqual([{ key_hash: other }]);
});
