import { expect, test } from 'vitest';
import { importedUrl } from './imported-url.ts';

const BASE = 'file:///project/larder.config.ts';

test.each([
  ["() => import('./words.ts')", 'file:///project/words.ts'],
  ['()=>import("../shared/words.ts")', 'file:///shared/words.ts'],
  ["async () => { return import(\n  './words.ts'\n); }", 'file:///project/words.ts'],
  ["() => import('words')", null],
  ['() => import(path)', null],
  ['() => import(`./${name}.ts`)', null],
  ['() => Promise.resolve(module)', null],
])('%s leads to %s', (text, url) => {
  expect(importedUrl(BASE, { toString: () => text } as () => unknown)).toBe(url);
});

test('finds the module under vitest, which rewrites the import', () => {
  expect(importedUrl(import.meta.url, () => import('../definition/field.ts'))).toBe(
    new URL('../definition/field.ts', import.meta.url).href,
  );
});
