import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession } from '@larder/model-runtime';
import { expect, test } from 'vitest';
import { adCtr } from '../larder.config.ts';
import { designAds } from '../src/catalogue/ad-design.ts';
import { areaUnderCurve } from './area-under-curve.ts';
import { computePictures } from './compute-pictures.ts';
import { simulateImpressions } from './simulated-impressions.ts';

const ADS = 24;
const IMPRESSIONS_PER_AD = 40;

test('ad_ctr ranks better with the words on the picture than without', async () => {
  const ads = designAds({ count: ADS, seed: 'unseen', prefix: 'unseen' });
  const folder = await mkdtemp(join(tmpdir(), 'larder-unseen-'));
  const session = await createSession({
    modelPath: join(import.meta.dirname, '..', adCtr.artifact.path, 'model.onnx'),
  });
  try {
    const impressions = simulateImpressions(ads, await computePictures(ads, { folder }), IMPRESSIONS_PER_AD);
    const rows = Array.from({ length: impressions.count }, (_, index) => impressions.row(index));
    const words = impressions.columns.filter(({ view }) => view === 'ad_text');
    const wordless = rows.map((row) => {
      const copy = row.slice();
      for (const { start, width } of words) copy.fill(Number.NaN, start, start + width);
      return copy;
    });
    // Clicks are mostly luck: what is ranked is the better half by the probability that made them.
    const median = impressions.probability.toSorted()[impressions.count >> 1] ?? 0;
    const better = Array.from(impressions.probability, (probability) => (probability > median ? 1 : 0));
    const scored = async (inputs: readonly Float32Array[]): Promise<number> => {
      const width = inputs[0]?.length ?? 0;
      const data = new Float32Array(inputs.length * width);
      inputs.forEach((row, at) => data.set(row, at * width));
      const outputs = await session.run({ features: { data, dims: [inputs.length, width] } });
      return areaUnderCurve(outputs['ctr']?.data as Float32Array, better);
    };
    const [withWords, without] = [await scored(rows), await scored(wordless)];
    expect(words.map(({ feature }) => feature)).toContain('word_count');
    expect(withWords).toBeGreaterThan(without + 0.02);
  } finally {
    await session.close();
    await rm(folder, { recursive: true });
  }
});
