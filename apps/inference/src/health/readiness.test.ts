import { LarderError } from '@larder/core';
import { expect, test } from 'vitest';
import { createReadiness, type ReadinessDeps } from './readiness.ts';

const loaded: ReadinessDeps['catalog'] = {
  manifest: () => ({ models: { ad_ctr: {} } }) as unknown as ReturnType<ReadinessDeps['catalog']['manifest']>,
  mismatches: () => [],
  problems: () => new Map(),
};

function readiness(changes: Partial<ReadinessDeps> = {}) {
  const lines: unknown[] = [];
  const created = createReadiness({
    checkRedis: async () => {},
    checkDatabase: async () => {},
    catalog: loaded,
    closing: () => false,
    logger: { warn: (fields: unknown) => void lines.push(fields), info: () => {} },
    ...changes,
  });
  return { ...created, lines };
}

test('not ready before anything is loaded, whatever the state of the stores', async () => {
  const { check } = readiness({ catalog: { ...loaded, manifest: () => null } });
  expect(await check()).toMatchObject({
    status: 'not_ready',
    checks: [{ ready: true }, { ready: true }, { name: 'definitions', ready: false }],
  });
});

test('not ready from the first signal to stop', async () => {
  const { check } = readiness({ closing: () => true });
  const { status, checks } = await check();
  expect(status).toBe('not_ready');
  expect(checks.filter(({ ready }) => !ready)).toMatchObject([{ name: 'process' }]);
});

test('the reason why a store is down is logged when it changes, not on every probe, and never sent to callers', async () => {
  let away = true;
  const { check, lines } = readiness({
    async checkRedis() {
      if (away) throw new LarderError('ONLINE_STORE_UNAVAILABLE', 'connect ECONNREFUSED 10.0.0.7:6379');
    },
  });
  for (let probe = 0; probe < 3; probe++) expect(JSON.stringify(await check())).not.toContain('10.0.0.7');
  expect(lines).toHaveLength(1);
  away = false;
  expect(await check()).toMatchObject({ degraded: false });
  away = true;
  await check();
  expect(lines).toHaveLength(2);
  expect(lines).toMatchObject([
    { check: 'redis', err: { message: expect.stringContaining('10.0.0.7') } },
    {},
  ]);
});

test('a Redis that would evict comes with the command that fixes it', async () => {
  const { check } = readiness({
    async checkRedis() {
      throw new LarderError('REDIS_POLICY_WRONG', 'Run: redis-cli CONFIG SET maxmemory-policy noeviction');
    },
  });
  expect((await check()).checks[0]).toMatchObject({ detail: expect.stringContaining('CONFIG SET') });
});

test('a hung store is queried once, however often the process is probed', async () => {
  const hung = Promise.withResolvers<void>();
  let asked = 0;
  const { check } = readiness({
    checkDatabase: () => {
      asked += 1;
      return hung.promise;
    },
    pingTimeoutMs: 5,
  });
  for (let probe = 0; probe < 3; probe++)
    expect((await check()).checks[1]).toMatchObject({ name: 'postgresql', ready: true, degraded: true });
  expect(asked).toBe(1);
  hung.resolve();
  await hung.promise;
  expect((await check()).degraded).toBe(false);
});
