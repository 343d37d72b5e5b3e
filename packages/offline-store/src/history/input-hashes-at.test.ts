import { expect } from 'vitest';
import { project, row, test, view } from '../testing/store.ts';
import { appendHistory } from './append-history.ts';
import { ensureHistory } from './ensure-history.ts';
import { inputHashesAt } from './input-hashes-at.ts';

const stats = view('stats', [{ name: 'clicks', type: 'float32' }], 'user_ad');
const JANUARY_MS = Date.UTC(2026, 0, 15);
const MARCH_MS = Date.UTC(2026, 2, 15);

function seen(
  user: bigint,
  adId: string,
  order: [eventMs: number, createdMs: number, revision: number],
  inputHash: bigint,
) {
  const [eventTimestampMs, createdTimestampMs, revision] = order;
  return row(adId, {
    keys: { user, ad_id: adId },
    eventTimestampMs,
    createdTimestampMs,
    revision,
    inputHash,
  });
}

test('the newest row of each key and event timestamp, by created timestamp, then revision', async ({
  store,
}) => {
  await ensureHistory(store, project, stats);
  await store.transaction((tx) =>
    appendHistory(tx, project, stats, [
      seen(1n, 'a', [MARCH_MS, 5, 1], -(2n ** 63n)),
      seen(1n, 'a', [JANUARY_MS, 9, 9], 1n),
      seen(1n, 'b', [MARCH_MS, 5, 9], 2n),
      seen(1n, 'b', [MARCH_MS, 6, 1], 3n),
      seen(2n ** 62n, 'a', [JANUARY_MS, 5, 1], 4n),
      seen(2n ** 62n, 'a', [JANUARY_MS, 5, 2], 5n),
    ]),
  );
  const wanted = (user: bigint, adId: string, eventTimestampMs: number, createdTimestampMs = 9) => ({
    keys: { user, ad_id: adId },
    eventTimestampMs,
    createdTimestampMs,
  });
  const standing = await inputHashesAt(store, project, stats, [
    wanted(2n ** 62n, 'a', JANUARY_MS),
    wanted(1n, 'nobody', MARCH_MS),
    wanted(1n, 'b', MARCH_MS),
    wanted(1n, 'b', JANUARY_MS),
    wanted(1n, 'a', MARCH_MS),
    // Rows created later hide nothing, and are returned where there is no other row.
    wanted(1n, 'b', MARCH_MS, 5),
    wanted(1n, 'b', MARCH_MS, 4),
  ]);
  expect(standing).toEqual([
    { createdTimestampMs: 5, revision: 2, inputHash: 5n },
    null,
    { createdTimestampMs: 6, revision: 1, inputHash: 3n },
    null,
    { createdTimestampMs: 5, revision: 1, inputHash: -(2n ** 63n) },
    { createdTimestampMs: 5, revision: 9, inputHash: 2n },
    { createdTimestampMs: 6, revision: 1, inputHash: 3n },
  ]);
});

test('finds rows whose keys sort differently in JavaScript, and none beside or between them', async ({
  store,
}) => {
  const ads = view('texts', [{ name: 'clicks', type: 'float32' }]);
  await ensureHistory(store, project, ads);
  // UTF-8 order: Z, é, \uFFFD, 😀; UTF-16 order: Z, é, 😀, \uFFFD
  const keys = ['Z', 'é', '\uFFFD', '😀'];
  const at = (adId: string) =>
    row(adId, { eventTimestampMs: MARCH_MS, createdTimestampMs: 1, revision: 1, inputHash: 7n });
  await store.transaction((tx) => appendHistory(tx, project, ads, keys.map(at)));
  const found = async (...adIds: string[]) =>
    (await inputHashesAt(store, project, ads, adIds.map(at))).map((standing) => standing?.inputHash ?? null);
  for (const one of keys)
    for (const other of keys) expect(await found(one, other, 'Y')).toEqual([7n, 7n, null]);
  expect(await found('A', 'Y')).toEqual([null, null]);
  expect(await found('a', 'b')).toEqual([null, null]);
  expect(await found('😁')).toEqual([null]);
});
