import { expect, test } from 'vitest';
import { characterErrors } from './character-errors.ts';

test.each([
  ['Summer sale\n-20%', ['-20%', 'Summer sale'], 0, 'the order of lines and spaces do not count'],
  ['Surnmer sale', ['Summer sale'], 2, 'a changed and an extra letter'],
  ['Summer', ['Summer', 'Shop now'], 7, 'a missed line costs all its letters'],
  ['Summer xyz', ['Summer'], 3, 'and so does what nobody wrote'],
  ['', ['abc'], 3, 'nothing read'],
  ['abc', [], 3, 'nothing written'],
  ['New $9 New', ['New', 'New', '$9'], 0, 'lines that are alike are found one by one'],
])('%j against %j: %d, %s', (read, lines, errors) => {
  expect(characterErrors(read, lines)).toBe(errors);
});
