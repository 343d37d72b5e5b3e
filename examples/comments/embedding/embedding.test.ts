import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { textEmbedding } from '@larder/extractors';
import { artifact } from '@larder/features';
import { expect, test } from 'vitest';

const PAGE = resolve(import.meta.dirname, '../../../docs/reference/artifact.md');

async function embeddingsOf(texts: readonly string[]): Promise<Float32Array[]> {
  const descriptor = textEmbedding({ encoder: artifact('models/text_encoder') });
  const { createComputation } = await descriptor.load();
  const computation = await createComputation({
    options: descriptor.options,
    artifactPaths: { encoder: join(import.meta.dirname, '../models/text_encoder') },
    allowedHosts: [],
    logger: createLogger('test', { level: 'silent' }),
  });
  try {
    const outcomes = await computation.compute(
      texts.map((text) => ({ text })),
      new AbortController().signal,
    );
    return outcomes.map(
      (outcome) => ('values' in outcome ? outcome.values['embedding'] : null) as Float32Array,
    );
  } finally {
    await computation.close();
  }
}

test('the committed encoder gives what the page shows: texts about one thing are near each other', async () => {
  const [, part = ''] = readFileSync(PAGE, 'utf8').split('### An encoder\n');
  const rows = [...part.matchAll(/^\| ([A-Z].*?) \| (.+?) \| (-?[\d.]+) \|$/gm)];
  const shown = rows.map(([, one = '', other = '', cosine]) => ({ one, other, cosine: Number(cosine) }));
  expect(shown.length).toBeGreaterThan(4);
  const embeddings = await embeddingsOf(shown.flatMap(({ one, other }) => [one, other]));
  const cosines = shown.map((_, at) => dot(embeddings[2 * at], embeddings[2 * at + 1]));
  expect(cosines.map((cosine) => Number(cosine.toFixed(2)))).toEqual(shown.map(({ cosine }) => cosine));

  const [, text = '', begins = ''] = /^`(.+?)` → `\[(.+?), …\]`$/m.exec(part) ?? [];
  const [embedding = new Float32Array()] = await embeddingsOf([text]);
  expect(embedding).toHaveLength(48);
  expect(begins.split(', ').map(Number)).toEqual(
    Array.from(embedding.slice(0, 4), (x) => Number(x.toFixed(3))),
  );
  expect(dot(embedding, embedding)).toBeCloseTo(1, 5);
});

function dot(one: Float32Array = new Float32Array(), other: Float32Array = new Float32Array()): number {
  return one.reduce((sum, value, i) => sum + value * (other[i] as number), 0);
}
