import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { sentiment } from '@larder/extractors';
import { artifact } from '@larder/features';
import { expect, test } from 'vitest';

test('the committed classifier tells praise from complaint, and sees a negation', async () => {
  const descriptor = sentiment({ model: artifact('models/sentiment') });
  const { createComputation } = await descriptor.load();
  const computation = await createComputation({
    options: descriptor.options,
    artifactPaths: { model: join(import.meta.dirname, '../models/sentiment') },
    allowedHosts: [],
    logger: createLogger('test', { level: 'silent' }),
  });
  try {
    const texts = [
      'I love it, thank you so much!',
      'Great article, very helpful.',
      'This is the worst film that I have ever seen.',
      'What a terrible waste of time.',
      'good',
      'not good',
    ];
    const outcomes = await computation.compute(
      texts.map((text) => ({ text })),
      new AbortController().signal,
    );
    const scores = outcomes.map((outcome) =>
      'values' in outcome ? (outcome.values['sentiment'] as number) : NaN,
    );
    const [love = NaN, great = NaN, worst = NaN, terrible = NaN, good = NaN, notGood = NaN] = scores;
    for (const praise of [love, great]) expect(praise).toBeGreaterThan(0.25);
    for (const complaint of [worst, terrible]) expect(complaint).toBeLessThan(-0.25);
    expect(notGood).toBeLessThan(good - 0.1);
  } finally {
    await computation.close();
  }
});
