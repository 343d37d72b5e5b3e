import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { givenSettings, readSettings } from './read-settings.ts';
import { handDown } from './secret-files.ts';
import { CONNECTION_SETTING, SETTINGS, type Setting } from './settings.ts';

const PASSWORD = 'hunter-2-in-a-file';
const URL = `postgresql://app:${PASSWORD}@db/larder`;

function secretFile(content: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'larder-secret-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');
  writeFileSync(path, content);
  return path;
}

test.for(['', '\n', '\r\n', '\n\n'])(
  'a file gives the setting, without the newline at its end: %j',
  (end) => {
    const env = { LARDER_DATABASE_URL_FILE: secretFile(`${URL}${end}`), LARDER_REDIS_URL: 'redis://h' };
    expect(readSettings(env, ['LARDER_DATABASE_URL', 'LARDER_REDIS_URL'])).toEqual({
      LARDER_DATABASE_URL: URL,
      LARDER_REDIS_URL: 'redis://h',
    });
    expect(givenSettings(env).problems).toEqual([]);
  },
);

test('every setting that holds a secret takes a file, and no other', () => {
  const path = secretFile('x');
  const names = Object.entries(SETTINGS as Record<string, Setting>).map(([name, { secret }]) => ({
    name: name.replace('<NAME>', 'ADS'),
    secret: secret === true,
  }));
  expect(names.filter(({ secret }) => secret).length).toBeGreaterThan(6);
  for (const { name, secret } of names) {
    const known = !givenSettings({ [`${name}_FILE`]: path }).problems.some(({ detail }) =>
      detail.startsWith('is not a setting'),
    );
    expect([name, known]).toEqual([name, secret]);
  }
  const looksSecret = names.filter(({ name }) => /_URL$|KEY$|SECRET/.test(name) && name !== 'LARDER_URL');
  expect(looksSecret.filter(({ secret }) => !secret)).toEqual([]);
});

test('a connection takes a file', () => {
  const env = { LARDER_CONNECTION_ADS_URL_FILE: secretFile(`${URL}\n`) };
  expect(readSettings(env, [CONNECTION_SETTING])).toEqual({ [CONNECTION_SETTING]: { ads: URL } });
});

test.for([
  ['both', (path: string) => ({ LARDER_DATABASE_URL: URL, LARDER_DATABASE_URL_FILE: path }), 'both set'],
  ['no file', () => ({ LARDER_DATABASE_URL_FILE: `/nowhere/${PASSWORD}` }), 'cannot be read (ENOENT)'],
  ['the address itself', () => ({ LARDER_DATABASE_URL_FILE: URL }), 'cannot be read (ENOENT)'],
  ['a folder', () => ({ LARDER_DATABASE_URL_FILE: tmpdir() }), 'does not name a file'],
  ['an empty file', () => ({ LARDER_DATABASE_URL_FILE: secretFile('\n') }), 'is empty'],
  [
    'a wrong address',
    () => ({ LARDER_DATABASE_URL_FILE: secretFile(`mysql://a:${PASSWORD}@h`) }),
    'LARDER_DATABASE_URL',
  ],
] as const)('is refused, without anything of it in the message: %s', ([, envOf, expected]) => {
  const path = secretFile(URL);
  const refused = (): unknown => {
    try {
      return readSettings(envOf(path), ['LARDER_DATABASE_URL']);
    } catch (error) {
      return JSON.stringify([(error as Error).message, error]);
    }
  };
  const text = String(refused());
  expect(text).toContain(expected);
  expect(text).not.toContain(PASSWORD);
  expect(text).not.toContain('is missing');
});

test.skipIf(process.getuid?.() === 0)('a file that may not be read is refused', () => {
  const path = secretFile(URL);
  chmodSync(path, 0);
  expect(() => readSettings({ LARDER_DATABASE_URL_FILE: path }, ['LARDER_DATABASE_URL'])).toThrow('EACCES');
});

test('a child process gets the file where it has the value, and the value where that is another', () => {
  const env = { LARDER_DATABASE_URL_FILE: secretFile(URL), PATH: '/bin' };
  expect(handDown(env, { LARDER_DATABASE_URL: URL, LARDER_PORT: '1' })).toEqual({ ...env, LARDER_PORT: '1' });
  expect(handDown(env, { LARDER_DATABASE_URL: 'postgresql://other/db' })).toEqual({
    LARDER_DATABASE_URL: 'postgresql://other/db',
    PATH: '/bin',
  });
});
