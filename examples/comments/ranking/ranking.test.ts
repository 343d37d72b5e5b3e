import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { newId } from '@larder/core';
import { expect, inject, test } from 'vitest';

test('the committed ranking is what the script writes, and orders comments that it has not seen', () => {
  const out = join(inject('testFolder'), `rank-${newId()}`);
  const printed = execFileSync(process.execPath, [resolve(import.meta.dirname, 'main.ts'), '--out', out], {
    encoding: 'utf8',
  });
  for (const file of ['model.onnx', 'golden.json'])
    expect(
      readFileSync(join(out, file)).equals(
        readFileSync(join(import.meta.dirname, '../models/comment_rank', file)),
      ),
    ).toBe(true);
  expect(Number(/curve (\d\.\d+)/.exec(printed)?.[1])).toBeGreaterThan(0.8);
});
