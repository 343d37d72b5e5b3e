import { expect, test } from 'vitest';
import { readConfig } from './config.ts';

const GOOD = {
  LARDER_DATABASE_URL: 'postgresql://larder@/ads?host=/tmp/pg',
  LARDER_REDIS_URL: 'unix:///tmp/redis.sock',
};

test('fills in defaults and absolute paths, and reads only its own settings', () => {
  const config = readConfig({ ...GOOD, LARDER_PROJECT: 'examples/ads/larder.config.ts', HOME: '/root' });
  expect(config).toMatchObject({
    host: '127.0.0.1',
    port: 6570,
    allowedHosts: [],
    logLevel: 'info',
    databaseUrl: GOOD.LARDER_DATABASE_URL,
    predictionLog: { durable: false, records: 10_000, bytes: 64 * 2 ** 20 },
  });
  expect(config.projectPath).toMatch(/^\/.*examples\/ads\/larder\.config\.ts$/);
  expect(Object.isFrozen(config)).toBe(true);
});

test('accepts settings of the other processes in the same environment', () => {
  const others = {
    LARDER_WORKER_SLOTS: '4',
    LARDER_WORKER_METRICS_PORT: '0',
    LARDER_CONNECTION_ADS_URL: 'postgresql://x/y',
    LARDER_QUEUE_REDIS_URL: 'redis://x',
  };
  expect(readConfig({ ...GOOD, ...others })).toMatchObject({ port: 6570, portIsChosen: false });
  expect(readConfig({ ...GOOD, LARDER_PORT: '6570' }).portIsChosen).toBe(true);
});

test('allowed hosts are a list', () => {
  const hosts = (text: string) => readConfig({ ...GOOD, LARDER_ALLOWED_HOSTS: text }).allowedHosts;
  expect(hosts('larder.example.com, *.internal,[fd00::5]')).toEqual([
    'larder.example.com',
    '*.internal',
    '[fd00::5]',
  ]);
  expect(hosts('*')).toEqual(['*']);
  for (const text of ['', 'https://larder.example.com', 'larder:6570', 'a,,b', '*x'])
    expect(() => hosts(text)).toThrow(/LARDER_ALLOWED_HOSTS must list hosts/);
});

test('requests are accepted for 5 s after SIGTERM where a load balancer may send them', () => {
  const drainMs = (env: Record<string, string>) => readConfig({ ...GOOD, ...env }).drainMs;
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1'])
    expect(drainMs({ LARDER_HOST: host })).toBe(0);
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'larder.internal'])
    expect(drainMs({ LARDER_HOST: host, LARDER_AUTH: 'keys' })).toBe(5_000);
  expect(drainMs({ LARDER_HOST: '0.0.0.0', LARDER_AUTH: 'insecure', LARDER_DRAIN_SECONDS: '0' })).toBe(0);
  expect(drainMs({ LARDER_DRAIN_SECONDS: '30' })).toBe(30_000);
  expect(() => drainMs({ LARDER_DRAIN_SECONDS: '301' })).toThrow(/LARDER_DRAIN_SECONDS must/);
});

test('listening beyond this machine without keys is refused, with both ways out', () => {
  const auth = (env: Record<string, string>) => readConfig({ ...GOOD, ...env }).access.auth;
  for (const host of ['0.0.0.0', '::', '10.1.2.3', 'larder.internal']) {
    expect(() => auth({ LARDER_HOST: host })).toThrow(/LARDER_AUTH=keys[^]*--insecure/);
    expect(auth({ LARDER_HOST: host, LARDER_AUTH: 'keys' })).toBe('keys');
    expect(auth({ LARDER_HOST: host, LARDER_AUTH: 'insecure' })).toBe('insecure');
  }
  for (const host of ['127.0.0.1', 'localhost', '::1']) expect(auth({ LARDER_HOST: host })).toBe('off');
});

test('public routes are a list', () => {
  const routes = (text: string) => readConfig({ ...GOOD, LARDER_PUBLIC_ROUTES: text }).access.publicRoutes;
  expect(routes('metrics, docs')).toEqual(['metrics', 'docs']);
  for (const text of ['', 'all', 'metrics,,docs'])
    expect(() => routes(text)).toThrow(/LARDER_PUBLIC_ROUTES must list metrics, docs or both/);
});

test('reports all problems at once and names unknown settings', () => {
  const read = () =>
    readConfig({
      LARDER_REDIS_URL: 'http://x',
      LARDER_PORT: '65536',
      LARDER_PROT: '1',
      LARDER_LOG_LEVEL: 'loud',
    });
  expect(read).toThrow(/LARDER_PROT is not a setting/);
  expect(read).toThrow(/LARDER_DATABASE_URL is missing/);
  expect(read).toThrow(/LARDER_REDIS_URL must be a URL that starts with redis:/);
  expect(read).toThrow(/LARDER_PORT/);
  expect(read).toThrow(/LARDER_LOG_LEVEL/);
});

test.for([
  ['LARDER_PORT', '0 to 65535'],
  ['LARDER_MAX_CONNECTIONS', '16 to 100000'],
  ['LARDER_BUFFER_BYTES', '16777216'],
  ['LARDER_EXPLICIT_VERSIONS', '1 to 1000'],
  ['LARDER_PREDICTION_LOG_RECORDS', '1 to 10000000'],
  ['LARDER_PREDICTION_LOG_BYTES', '1'],
] as const)('%s is a whole number from %s', ([name, bounds]) => {
  for (const text of ['abc', '', '-1', '9'.repeat(20)])
    expect(() => readConfig({ ...GOOD, [name]: text })).toThrow(
      expect.objectContaining({
        code: 'CONFIGURATION_INVALID',
        message: `The configuration is wrong:\n  ${name} must be a whole number from ${bounds}`,
      }),
    );
});
