import { join } from 'node:path';
import { adCtr } from '../larder.config.ts';
import { designAds } from '../src/catalogue/ad-design.ts';
import { areaUnderCurve } from './area-under-curve.ts';
import { scoreRow, trainClickModel, type ClickModel } from './click-model.ts';
import { computePictures, PICTURE_VIEWS } from './compute-pictures.ts';
import { simulateImpressions, type Impressions } from './simulated-impressions.ts';
import { writeArtifact } from './write-artifact.ts';

/**
 * Trains `ad_ctr` on simulated impressions of past ads and writes its artifact: `node training/train.ts`.
 * Every fifth ad, and every ad of the demo, is unknown to the model.
 */
const ADS = 1_500;
const IMPRESSIONS_PER_AD = 120;
const ROOT = join(import.meta.dirname, '..');
const FEATURE_VIEWS = ['ad_image', 'ad_text', 'ad_stats', 'moment', 'offer'];

const progress = (stage: string, done: number, total: number): void => {
  if (done % 80 === 0 || done === total) console.error(`${stage}: ${done} of ${total}`);
};

const ads = designAds({ count: ADS, seed: 'past', prefix: 'past' });
const pictures = await computePictures(ads, {
  folder: join(ROOT, '../../.larder/training'),
  onProgress: progress,
});
const isHeldOut = (at: number): boolean => at % 5 === 4;
const training = simulateImpressions(
  ads.filter((_, at) => !isHeldOut(at)),
  pictures,
  IMPRESSIONS_PER_AD,
);
const heldOut = simulateImpressions(
  ads.filter((_, at) => isHeldOut(at)),
  pictures,
  2 * IMPRESSIONS_PER_AD,
);
const train = (views: readonly string[]): ClickModel =>
  trainClickModel(training, {
    views,
    onEpoch: (epoch, loss) => console.error(`epoch ${epoch}: log loss ${loss.toFixed(4)}`),
  });

const model = train(FEATURE_VIEWS);
const without = (...views: string[]): Float64Array =>
  scoresOf(train(FEATURE_VIEWS.filter((view) => !views.includes(view))), heldOut);
printTable(heldOut, [
  ['all features', scoresOf(model, heldOut)],
  ['without `ad_text`', without('ad_text')],
  ['without `ad_image`', without('ad_image')],
  ['without both', without('ad_image', 'ad_text')],
  ['the hidden truth itself', heldOut.probability],
]);

const withoutPicture = heldOut
  .row(0)
  .map((value, column) => (column < pictureColumns() ? Number.NaN : value));
await writeArtifact(join(ROOT, adCtr.artifact.path), {
  model,
  features: heldOut.columns.map(({ ref }) => ref),
  goldenRows: [...rowsOf(heldOut, 7), withoutPicture],
  backgroundRows: rowsOf(training, 50),
});

/** Evenly spaced rows, and so rows of many ads. */
function rowsOf(impressions: Impressions, count: number): Float32Array[] {
  return Array.from({ length: count }, (_, at) =>
    impressions.row(Math.floor(((at + 0.5) * impressions.count) / count)),
  );
}

function pictureColumns(): number {
  return heldOut.columns.reduce(
    (sum, { view, width }) => (PICTURE_VIEWS.includes(view) ? sum + width : sum),
    0,
  );
}

function scoresOf(trained: ClickModel, impressions: Impressions): Float64Array {
  return Float64Array.from({ length: impressions.count }, (_, index) =>
    scoreRow(trained, impressions.row(index)),
  );
}

function printTable(impressions: Impressions, scored: readonly (readonly [string, Float64Array])[]): void {
  const ofNewAds = Array.from(impressions.ofNewAd.keys()).filter((index) => impressions.ofNewAd[index] === 1);
  const clickedNew = ofNewAds.map((index) => impressions.clicked[index] ?? 0);
  console.log('| AUC on held-out ads | all | new ads, without history |\n| --- | --- | --- |');
  for (const [name, scores] of scored) {
    const all = areaUnderCurve(scores, impressions.clicked);
    const fresh = areaUnderCurve(
      ofNewAds.map((index) => scores[index] ?? 0),
      clickedNew,
    );
    console.log(`| ${name} | ${all.toFixed(3)} | ${fresh.toFixed(3)} |`);
  }
  console.log(
    `\n${ADS * 0.8} ads and ${training.count} impressions to learn from, ${ADS * 0.2} other ads and ${impressions.count} impressions to test.`,
  );
}
