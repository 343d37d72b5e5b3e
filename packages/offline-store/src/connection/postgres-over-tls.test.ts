import { createLogger } from '@larder/core';
import { startTlsPostgres, test } from '@larder/testing';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { listenForChanges } from '../changes/listen-for-changes.ts';
import { createOfflineStore, type OfflineStore } from '../offline-store.ts';

let server: Awaited<ReturnType<typeof startTlsPostgres>>;
const stores: OfflineStore[] = [];
const logger = createLogger('test', { level: 'silent' });

beforeAll(async () => {
  server = await startTlsPostgres();
});
afterEach(async () => {
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await server.show('right');
});
afterAll(() => server.stop());

function open(rest: string, host = 'localhost'): OfflineStore {
  const databaseUrl = `postgresql://postgres:pa55word@${host}:${server.port}/postgres?${rest}`;
  const store = createOfflineStore({ databaseUrl, logger });
  stores.push(store);
  return store;
}

const full = (caFile: string) => `sslmode=verify-full&sslrootcert=${encodeURIComponent(caFile)}`;
const ENCRYPTED = 'select ssl from pg_stat_ssl where pid = pg_backend_pid()';

test.for(['localhost', '127.0.0.1'])('connects to %s with the CA that the address names', async (host) => {
  const { rows } = await open(full(server.caFile), host).pool.query(ENCRYPTED);
  expect(rows).toEqual([{ ssl: true }]);
});

test.for([
  ['other-authority', /not from an authority.*sslrootcert=/],
  ['other-name', /for another host/],
  ['expired', /expired/],
  ['plain', /does not speak TLS/],
] as const)('verify-full refuses a server whose certificate is %s', async ([shown, problem]) => {
  await server.show(shown);
  const refused = await open(full(server.caFile))
    .pool.query('select 1')
    .catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'DATABASE_UNAVAILABLE', message: expect.stringMatching(problem) });
  expect((refused as Error).message).not.toMatch(/pa55word|localhost|elsewhere/);
});

test.for(['require', 'prefer', 'verify-ca', 'verify-full'])(
  'sslmode=%s refuses what the CAs of the system do not vouch for, and a server without TLS',
  async (mode) => {
    await expect(open(`sslmode=${mode}`).pool.query('select 1')).rejects.toThrow(/not from an authority/);
    await server.show('plain');
    await expect(open(`sslmode=${mode}`).pool.query('select 1')).rejects.toThrow(/does not speak TLS/);
  },
);

test('another CA does not vouch for it', async () => {
  await expect(open(full(server.otherCaFile)).pool.query('select 1')).rejects.toThrow(
    /not from an authority/,
  );
});

test('a file of a CA that is gone is named', async () => {
  await expect(open(full('/nowhere/ca.pem')).pool.query('select 1')).rejects.toMatchObject({
    code: 'DATABASE_UNAVAILABLE',
    message: expect.stringContaining('/nowhere/ca.pem'),
  });
});

test('verifies again when the pool and the listener reconnect', async () => {
  const store = open(full(server.caFile));
  const onChanges = vi.fn();
  const listener = listenForChanges({ store, project: 'shop', onChanges, onUrgent: () => {}, logger });
  await vi.waitFor(() => expect(onChanges).toHaveBeenCalledTimes(1), 30_000);
  await store.pool.query('select 1');
  await server.show('other-authority');
  await expect
    .poll(() => store.pool.query('select 1').catch(String), { timeout: 60_000 })
    .toMatch(/authority/);
  await server.show('right');
  await vi.waitFor(() => expect(onChanges).toHaveBeenCalledTimes(2), 30_000);
  expect((await store.pool.query(ENCRYPTED)).rows).toEqual([{ ssl: true }]);
  await listener.close();
});
