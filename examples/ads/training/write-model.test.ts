import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSession, loadModel } from '@larder/model-runtime';
import { expect, test } from 'vitest';
import { adCtr } from '../larder.config.ts';
import { designAds } from '../src/catalogue/ad-design.ts';
import { createRandom } from '../src/random.ts';
import { scoreRow, trainClickModel } from './click-model.ts';
import { featureColumns, totalWidth } from './feature-columns.ts';
import { simulateImpressions } from './simulated-impressions.ts';
import { writeModel } from './write-model.ts';

const expected = {
  expectedFeatures: featureColumns(adCtr).map(({ ref }) => ref),
  width: totalWidth(featureColumns(adCtr)),
  outputs: ['ctr'],
};

test("the committed model fits the definition and gives its trainer's scores", async () => {
  const artifactPath = join(import.meta.dirname, '..', adCtr.artifact.path);
  const model = await loadModel({ artifactPath, ...expected });
  expect(model.width).toBe(531);
  expect(model.placement).toBe('inline');
  await model.close();
});

test('a trained model scores the same in ONNX Runtime, also where values are missing', async () => {
  const ads = designAds({ count: 60, seed: 'test', prefix: 'test' });
  const random = createRandom('embeddings');
  const pictures = new Map(
    ads.map(({ adId }) => {
      const embedding = Float32Array.from({ length: 512 }, () => random.next());
      const image = { embedding, brightness: random.next(), colourfulness: random.between(0, 100) };
      return [
        adId,
        { ad_image: image, ad_text: { word_count: random.int(0, 30), has_price: random.chance(0.5) } },
      ];
    }),
  );
  const impressions = simulateImpressions(ads, pictures, 10);
  const model = trainClickModel(impressions, {
    views: ['ad_image', 'ad_text', 'ad_stats', 'moment', 'offer'],
  });
  const nothing = impressions.row(0).fill(Number.NaN);
  const rows = [impressions.row(1), impressions.row(500), nothing];
  const artifactPath = await mkdtemp(join(tmpdir(), 'larder-artifact-'));
  try {
    await writeModel(artifactPath, model, expected.expectedFeatures);
    const session = await createSession({ modelPath: join(artifactPath, 'model.onnx') });
    const data = Float32Array.from(rows.flatMap((row) => [...row]));
    const scored = await session.run({ features: { data, dims: [rows.length, expected.width] } });
    rows.forEach((row, at) => expect(scored['ctr']?.data[at]).toBeCloseTo(scoreRow(model, row), 5));
    await session.close();
  } finally {
    await rm(artifactPath, { recursive: true });
  }
});
