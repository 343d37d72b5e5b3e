import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { sentiment } from '@larder/extractors';
import { artifact } from '@larder/features';
import { expect, test } from 'vitest';

const PAGE = resolve(import.meta.dirname, '../../../docs/reference/artifact.md');

async function scoresOf(texts: readonly string[]): Promise<number[]> {
  const descriptor = sentiment({ model: artifact('models/sentiment') });
  const { createComputation } = await descriptor.load();
  const computation = await createComputation({
    options: descriptor.options,
    artifactPaths: { model: join(import.meta.dirname, '../models/sentiment') },
    allowedHosts: [],
    logger: createLogger('test', { level: 'silent' }),
  });
  try {
    const outcomes = await computation.compute(
      texts.map((text) => ({ text })),
      new AbortController().signal,
    );
    return outcomes.map((outcome) => ('values' in outcome ? (outcome.values['sentiment'] as number) : NaN));
  } finally {
    await computation.close();
  }
}

test('the committed classifier gives what the page shows: praise above 0, complaints below', async () => {
  const [, part = ''] = readFileSync(PAGE, 'utf8').split('| text | sentiment |\n| --- | --- |\n');
  const [table = ''] = part.split('\n\n');
  const shown = [...table.matchAll(/^\| (.*) \| (-?[\d.]+) \|$/gm)].map(([, text = '', score]) => ({
    text,
    score: Number(score),
  }));
  expect(shown.length).toBeGreaterThan(4);
  const scores = await scoresOf(shown.map(({ text }) => text));
  expect(scores.map((score) => Number(score.toFixed(2)))).toEqual(shown.map(({ score }) => score));
  const of = (text: string): number => shown.find((one) => one.text === text)?.score ?? NaN;
  expect(of('I love it, thank you so much!')).toBeGreaterThan(0.25);
  expect(of('What a terrible waste of time.')).toBeLessThan(-0.25);
  expect(of('not good')).toBeLessThan(of('good') - 0.1);
});
