import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '@larder/core/config';
import { expect, inject, test } from 'vitest';

const PAGE = join(import.meta.dirname, '../../docs/guides/security.md');

test('the addresses with a CA of their own are settings that every process takes', () => {
  const [, block = ''] = /^```sh\n([^]*?)^```$/m.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const ca = join(inject('testFolder'), 'ca of the page.pem');
  writeFileSync(ca, '');
  const env = Object.fromEntries(
    [...block.matchAll(/^export (\w+)="(.+)"$/gm)].map(([, name = '', value = '']) => [
      name,
      value.replace('/etc/larder/ca.pem', encodeURIComponent(ca)),
    ]),
  );
  expect(Object.keys(env)).toEqual(['LARDER_DATABASE_URL', 'LARDER_REDIS_URL']);
  expect(readSettings(env, ['LARDER_DATABASE_URL', 'LARDER_REDIS_URL'])).toEqual(env);
  const without = { ...env, LARDER_REDIS_URL: env['LARDER_REDIS_URL']?.replace('rediss:', 'redis:') };
  expect(() => readSettings(without, ['LARDER_REDIS_URL'])).toThrow('must start with rediss://');
});
