import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SOURCE_KINDS } from './source-kinds.ts';

test.each([...SOURCE_KINDS.keys()])('kind %s has its folder, with the files of every kind', (kind) => {
  const files = ['definition', 'open', 'plan', 'scan', 'lookup', 'check', 'contract.test'];
  expect(readdirSync(join(import.meta.dirname, kind))).toEqual(
    expect.arrayContaining(files.map((file) => `${file}.ts`)),
  );
});
