import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellWord } from './shell-word.ts';

test('plain paths stay as they are', () => {
  for (const path of ['/home/me/larder.config.ts', '.', 'ad_image@1', 'a-b/c.log'])
    expect(shellWord(path)).toBe(path);
  expect(shellWord("/my files/it's")).toBe(String.raw`'/my files/it'\''s'`);
});

test('a shell reads each word as it was', () => {
  const pieces = fc.constantFrom(' ', "'", '"', '$HOME', '*', '~', '\\', ';', '#', 'é', '\n', '!', 'x', '/');
  const words = fc.sample(fc.array(pieces, { maxLength: 6 }), 200).map((each) => each.join(''));
  const { stdout } = spawnSync('sh', ['-c', `printf '%s\\0' ${words.map(shellWord).join(' ')}`], {
    encoding: 'utf8',
  });
  expect(stdout.split('\0').slice(0, -1)).toEqual(words);
});
