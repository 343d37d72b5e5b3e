import { expect } from 'vitest';
import { countRefusedCalls, readAudit, type OfflineStore } from '../index.ts';
import { silent, test } from '../testing/store.ts';

const refused = (store: Pick<OfflineStore, 'db'>, project: string) =>
  readAudit(store, { project, outcome: 'refused' }, { limit: 500 }).then(({ entries }) => entries);

const stranger = (address: string) => ({
  route: 'POST /v1/apply',
  code: 'KEY_REQUIRED',
  actor: `http from ${address}`,
  keyId: null,
  address,
});

test('refused calls of one caller are one entry with their number', async ({ store }) => {
  const calls = countRefusedCalls({ store, project: 'few', logger: silent });
  for (let nth = 0; nth < 5; nth += 1) calls.count(stranger('10.0.0.1'));
  calls.count({ ...stranger('10.0.0.1'), code: 'SCOPE_MISSING', actor: 'api key shop', keyId: 'k1' });
  await calls.close();
  const entries = await refused(store, 'few');
  expect(
    entries.map(({ subject, code, actor, keyId, address, calls: n }) => [
      subject,
      code,
      actor,
      keyId,
      address,
      n,
    ]),
  ).toEqual([
    ['POST /v1/apply', 'SCOPE_MISSING', 'api key shop', 'k1', '10.0.0.1', 1],
    ['POST /v1/apply', 'KEY_REQUIRED', 'http from 10.0.0.1', null, '10.0.0.1', 5],
  ]);
});

test('a flood from everywhere fills neither memory nor table, and is still counted', async ({ store }) => {
  const calls = countRefusedCalls({ store, project: 'flood', logger: silent });
  for (let nth = 0; nth < 50_000; nth += 1) calls.count(stranger(`10.${nth % 250}.${nth % 199}.${nth % 7}`));
  await calls.close();
  const entries = await refused(store, 'flood');
  expect(entries.length).toBeLessThanOrEqual(17);
  expect(entries.reduce((sum, entry) => sum + entry.calls, 0)).toBe(50_000);
});

test('what could not be written is written later, with what came meanwhile', async ({ store }) => {
  let away = true;
  let attempts = 0;
  const flaky: Pick<OfflineStore, 'transaction'> = {
    transaction(work) {
      attempts += 1;
      return away ? Promise.reject(new Error('away')) : store.transaction(work);
    },
  };
  const calls = countRefusedCalls({ store: flaky, project: 'late', logger: silent, intervalMs: 5 });
  calls.count(stranger('10.0.0.1'));
  await expect.poll(() => attempts).toBeGreaterThan(0);
  expect(await refused(store, 'late')).toEqual([]);
  calls.count(stranger('10.0.0.1'));
  away = false;
  await expect.poll(async () => (await refused(store, 'late')).reduce((n, e) => n + e.calls, 0)).toBe(2);
  await calls.close();
  expect((await refused(store, 'late')).reduce((n, e) => n + e.calls, 0)).toBe(2);
});
