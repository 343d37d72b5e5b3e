import { computeOnDemand, computeRow, predictRow } from 'larderjs/testing';
import { expect, test } from 'vitest';
import { match, ranking, reviewWords } from './larder.config.ts';
import { wordVector } from './src/word-vector.ts';

test('a text becomes a vector of its words', async () => {
  const kettle = await computeRow(reviewWords, { path: 'reviews/kettle.txt' });
  expect(kettle.word_count).toBe(15);
  expect(Math.hypot(...(kettle.words ?? []))).toBeCloseTo(1);
});

test('a query matches a text with its words', () => {
  const matching = (query: string) => {
    const features = { review_words: { words: wordVector('a quiet kettle') } };
    return computeOnDemand(match, { request: { query }, features }).similarity ?? 0;
  };
  expect(matching('quiet kettle')).toBeGreaterThan(matching('garden chair'));
});

const scoreOf = (text: string, similarity = 0.5) =>
  predictRow(ranking, { review_words: { words: wordVector(text) }, match: { similarity } });

test('the model reproduces the scores of its training, and prefers texts that match and praise', async () => {
  const praise = await scoreOf('a great kettle, I love it');
  expect(praise.score).toBeGreaterThan((await scoreOf('bad quality, it arrived broken')).score);
  expect(praise.score).toBeGreaterThan((await scoreOf('a great kettle, I love it', 0)).score);
});
