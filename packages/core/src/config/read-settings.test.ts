import { describe, expect, test } from 'vitest';
import { connectionsOf, givenSettings, readSettings } from './read-settings.ts';
import { CONNECTION_SETTING } from './settings.ts';

const STORES = { LARDER_DATABASE_URL: 'postgresql://h/db', LARDER_REDIS_URL: 'redis://h' };

describe('what a service reads', () => {
  test('has its type and its default', () => {
    const names = ['LARDER_PORT', 'LARDER_LOG_LEVEL', 'LARDER_WORKER_SLOTS', 'LARDER_REDIS_URL'] as const;
    expect(readSettings({ ...STORES, PATH: '/bin' }, names)).toEqual({
      LARDER_PORT: 6_570,
      LARDER_LOG_LEVEL: 'info',
      LARDER_WORKER_SLOTS: null,
      LARDER_REDIS_URL: 'redis://h',
    });
    expect(readSettings({ LARDER_PORT: '0' }, ['LARDER_PORT'])).toEqual({ LARDER_PORT: 0 });
  });

  test('is checked, and settings of others are not', () => {
    const env = { LARDER_PORT: 'none', LARDER_CONNECTION_ADS_URL: 'nowhere', LARDER_HOST: '::1' };
    expect(readSettings(env, ['LARDER_HOST'])).toEqual({ LARDER_HOST: '::1' });
    expect(() => readSettings(env, ['LARDER_PORT'])).toThrow('LARDER_PORT must be');
  });

  test('is refused with every problem at once', () => {
    const env = { LARDER_REDIS_URL: 'http://x', LARDER_PROT: '1', LARDER_CONNECTION_A_URL: 'nowhere' };
    expect(() => readSettings(env, ['LARDER_DATABASE_URL', 'LARDER_REDIS_URL', CONNECTION_SETTING])).toThrow(
      /^The configuration is wrong:\n {2}LARDER_PROT is not a setting; known are LARDER_PROJECT, .* and LARDER_CONNECTION_<NAME>_URL\n {2}LARDER_DATABASE_URL is missing\n {2}LARDER_REDIS_URL must be .*\n {2}LARDER_CONNECTION_A_URL must be [^\n]*$/,
    );
  });
});

test.each([
  ['0d', "must be a duration such as '90d' or '52w', or 'forever'"],
  ['23h', "must be at least '1d'"],
  ['36501d', "must be at most '36500d', or 'forever'"],
  [`1${'0'.repeat(400)}d`, "must be at most '36500d', or 'forever'"],
])('a retention of %s is refused', (span, detail) => {
  const { problems } = givenSettings({ LARDER_RUN_RETENTION: span });
  expect(problems).toEqual([{ pointer: '/LARDER_RUN_RETENTION', detail }]);
});

test('settings that are set come without defaults, and their problems are not thrown', () => {
  const { settings, problems } = givenSettings({
    LARDER_PORT: '7000',
    LARDER_WORKER_SLOTS: '0',
    LARDER_CONNECTION_ADS_COPY_URL: 'postgresql://h/ads',
  });
  expect(settings).toMatchObject({
    LARDER_PORT: 7_000,
    LARDER_HOST: null,
    LARDER_DATABASE_URL: null,
    LARDER_WORKER_SLOTS: null,
    [CONNECTION_SETTING]: { ads_copy: 'postgresql://h/ads' },
  });
  expect(problems).toEqual([
    { pointer: '/LARDER_WORKER_SLOTS', detail: 'must be a whole number from 1 to 256' },
  ]);
});

test('connections are named in lower case', () => {
  expect(
    connectionsOf({ LARDER_CONNECTION_A_2_URL: 'x', LARDER_CONNECTION_a_URL: 'y', LARDER_HOST: 'z' }),
  ).toEqual({ a_2: 'x' });
});
