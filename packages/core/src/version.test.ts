import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { LARDER_VERSION } from './version.ts';

test('the version is the one of package.json', async () => {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  expect(LARDER_VERSION).toBe((JSON.parse(text) as { version: string }).version);
});
