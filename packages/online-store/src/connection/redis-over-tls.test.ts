import { startRedisProxy, startTlsRedis, test } from '@larder/testing';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { connectRedis, type Redis } from './connect-redis.ts';
import { waitForRedis } from './wait-for-redis.ts';

let store: Awaited<ReturnType<typeof startTlsRedis>>;
const connections: Redis[] = [];

beforeAll(async () => {
  store = await startTlsRedis();
});
afterEach(async () => {
  for (const redis of connections.splice(0)) redis.disconnect();
  await store.show('right');
});
afterAll(() => store.stop());

function connect(address: string, role: 'tool' | 'worker' | 'serving' = 'tool', warn = vi.fn()): Redis {
  const redis = connectRedis(address, { role, logger: { warn, info: vi.fn() } as never });
  connections.push(redis);
  return redis;
}

const address = (caFile: string, host = 'localhost') =>
  `rediss://default:pa55word@${host}:${store.port}?sslrootcert=${encodeURIComponent(caFile)}`;

test.for(['localhost', '127.0.0.1'])('connects to %s with the CA that the address names', async (host) => {
  const redis = connect(address(store.caFile, host));
  await waitForRedis(redis, 30_000);
  expect(await redis.set('larder:tls', 'yes')).toBe('OK');
  expect(redis.stream).toMatchObject({ encrypted: true, authorized: true });
});

test.for([
  ['other-authority', /not from an authority.*sslrootcert=/],
  ['other-name', /for another host/],
  ['expired', /expired/],
] as const)('refuses a certificate that is %s', async ([shown, problem]) => {
  await store.show(shown);
  const warn = vi.fn();
  const refused = await waitForRedis(connect(address(store.caFile), 'tool', warn), 30_000).catch(
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({
    code: 'ONLINE_STORE_UNAVAILABLE',
    message: expect.stringMatching(problem),
  });
  expect(JSON.stringify([(refused as Error).message, warn.mock.calls])).not.toContain('pa55word');
  expect(warn.mock.calls[0]?.[1]).toMatch(problem);
});

test('refuses a certificate that only another authority vouches for', async () => {
  await expect(waitForRedis(connect(address(store.otherCaFile)), 5_000)).rejects.toThrow(
    /not from an authority/,
  );
  await expect(waitForRedis(connect(`rediss://localhost:${store.port}`), 5_000)).rejects.toThrow(
    /not from an authority/,
  );
});

test('a Redis without TLS is refused and gets no command in plain text', async ({ redis }) => {
  const proxy = await startRedisProxy(redis.url);
  const { port } = new URL(proxy.url);
  const tls = connect(`rediss://default:pa55word@localhost:${port}`, 'serving');
  await expect(waitForRedis(tls, 1_500)).rejects.toThrow(/TLS/);
  expect(proxy.silence('pa55word')).toBe(0);
  await proxy.close();
});

test('verifies again when it reconnects', async () => {
  const redis = connect(address(store.caFile), 'worker');
  await waitForRedis(redis, 30_000);
  const refused = new Promise<Error>((resolve) => redis.once('error', resolve));
  await store.show('other-authority');
  expect(await refused).toMatchObject({ code: expect.stringMatching(/CERT|VERIFY/) });
  expect(redis.status).not.toBe('ready');
  await store.show('right');
  await waitForRedis(redis, 10_000);
  expect(await redis.get('larder:tls')).toBe('yes');
});
