import { readFile } from 'node:fs/promises';
import { defineComputation, type RowOf } from 'larderjs';
import type { reviews } from '../larder.config.ts';
import { wordsOf, wordVector } from './word-vector.ts';

type File = RowOf<typeof reviews>;

// Returns one outcome per row, in the order of the rows. Slow work belongs here.
export default defineComputation((rows: readonly File[]) => Promise.all(rows.map(describeText)));

async function describeText({ path }: File) {
  const text = await readFile(path, 'utf8');
  const words = wordsOf(text);
  if (words.length === 0) {
    // Only the bad text fails; `larder runs` lists it with this code and reason.
    return { failure: { code: 'TEXT_EMPTY', reason: 'The file has no words.', retryable: false } };
  }
  return { values: { words: wordVector(text), word_count: words.length } };
}
