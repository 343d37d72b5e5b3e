import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as larder from 'larderjs';
import { expect, test } from 'vitest';

const page = readFileSync(resolve(import.meta.dirname, '../../docs/reference/definitions.md'), 'utf8');

test('every definition of the reference is exported by larder', () => {
  const names = [...page.matchAll(/^\| `(\w+)\(/gm)].map(([, name = '']) => name);
  expect(names).toContain('featureView');
  expect(Object.keys(larder)).toEqual(expect.arrayContaining(names));
});

test('every field type of the reference is one, and no other', () => {
  const rows = [...page.matchAll(/^\| (`f\..*?) \|/gm)].map(([, cell = '']) => cell).join(' ');
  const types = [...rows.matchAll(/`f\.(\w+)/g)].map(([, name]) => name);
  expect(new Set(types)).toEqual(new Set(Object.keys(larder.f)));
});
