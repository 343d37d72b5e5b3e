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
  const standing = await inputHashesAt(store, project, stats, [
    { keys: { user: 2n ** 62n, ad_id: 'a' }, eventTimestampMs: JANUARY_MS },
    { keys: { user: 1n, ad_id: 'nobody' }, eventTimestampMs: MARCH_MS },
    { keys: { user: 1n, ad_id: 'b' }, eventTimestampMs: MARCH_MS },
    { keys: { user: 1n, ad_id: 'b' }, eventTimestampMs: JANUARY_MS },
    { keys: { user: 1n, ad_id: 'a' }, eventTimestampMs: MARCH_MS },
  ]);
  expect(standing).toEqual([
    { createdTimestampMs: 5, revision: 2, inputHash: 5n },
    null,
    { createdTimestampMs: 6, revision: 1, inputHash: 3n },
    null,
    { createdTimestampMs: 5, revision: 1, inputHash: -(2n ** 63n) },
  ]);
});
