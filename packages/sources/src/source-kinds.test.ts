import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SOURCE_KINDS } from './source-kinds.ts';

/** Their rows are in Larder's own stores, so that this package has no reader of them. */
const OWN_ROWS: ReadonlySet<string> = new Set(['views', 'model', 'push', 'events']);

test.each([...SOURCE_KINDS.keys()])('kind %s has its folder, with the files of every kind', (kind) => {
  const files = OWN_ROWS.has(kind)
    ? ['definition', 'open', 'definition.test']
    : ['definition', 'open', 'plan', 'scan', 'lookup', 'check', 'contract.test'];
  expect(readdirSync(join(import.meta.dirname, kind))).toEqual(
    expect.arrayContaining(files.map((file) => `${file}.ts`)),
  );
});
