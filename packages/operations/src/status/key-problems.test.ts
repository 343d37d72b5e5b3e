import { createKey, revokeKey, rotateKey } from '@larder/access';
import { newId } from '@larder/core';
import { test } from '@larder/offline-store/testing';
import { expect } from 'vitest';
import { keyProblems } from './key-problems.ts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

test('an API key that ends is told two weeks ahead, and needs a person two days ahead if it is in use', async ({
  store,
}) => {
  const project = newId();
  const by = { actor: 'ada', granted: null };
  const make = (name: string, lifetimeMs: number | 'forever') =>
    createKey(store, { project, name, role: 'caller', scopes: [], rate: null, lifetimeMs, by });
  const { key } = await make('shop', 30 * DAY_MS);
  await make('lasting', 'forever');
  const revoked = await make('revoked', 10 * DAY_MS);
  await revokeKey(store, { project, keyId: revoked.key.keyId, actor: 'ada' });
  const endsMs = key.expiresAt?.getTime() ?? 0;
  const at = (leftMs: number) => keyProblems(store, project, new Date(endsMs - leftMs));
  const brief = async (leftMs: number) =>
    (await at(leftMs)).map(({ severity, detail }) => `${severity}: ${detail}`);
  const used = (leftMs: number) =>
    store.pool.query('update larder.api_keys set last_used_at = $2 where key_id = $1', [
      key.keyId,
      new Date(endsMs - leftMs),
    ]);

  expect(await brief(14 * DAY_MS + 1)).toEqual([]);
  expect(await at(9 * DAY_MS)).toEqual([
    {
      kind: 'key_expires',
      severity: 'note',
      subject: `api key shop (${key.keyId})`,
      since: null,
      detail: 'it expires in 9d, and was never used',
      next: `larder api-keys rotate ${key.keyId}`,
    },
  ]);
  expect(await brief(DAY_MS)).toEqual(['note: it expires in 1d, and was never used']);
  await used(DAY_MS + HOUR_MS);
  expect(await brief(DAY_MS)).toEqual(['act: it expires in 1d, and was used 1h ago']);
  expect(await brief(3 * DAY_MS)).toEqual(['note: it expires in 3d, and was used 0ms ago']);
  // Nobody has used it for a day when it ends.
  expect(await brief(-HOUR_MS)).toEqual([]);
  await used(HOUR_MS);
  expect(await at(-HOUR_MS)).toMatchObject([
    {
      severity: 'act',
      since: key.expiresAt,
      detail: 'it expired 1h ago, and was in use: its callers are refused',
    },
  ]);
  expect(await brief(-DAY_MS - 1)).toEqual([]);
  await rotateKey(store, { project, keyId: key.keyId, by });
  expect(await brief(DAY_MS)).toEqual([]);
});
