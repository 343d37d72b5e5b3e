import { areaUnderCurve } from '../training/area-under-curve.ts';
import { scoreRow, trainClickModel, type ClickModel } from '../training/click-model.ts';
import type { ModelRows } from '../training/model-rows.ts';
import type { PartRows } from './read-part.ts';

export const MODEL_VIEWS = ['ad_image', 'ad_text', 'ad_stats', 'moment', 'offer'];

/** A Markdown table: what models without the pictures, without the words and without both score on ads they have not seen. */
export function compareViews(model: ClickModel, training: ModelRows, test: PartRows): string {
  const without = (...left: readonly string[]): Float64Array =>
    scores(trainClickModel(training, { views: MODEL_VIEWS.filter((view) => !left.includes(view)) }), test);
  const lines = [
    ['all features', scores(model, test)],
    ['without `ad_text`', without('ad_text')],
    ['without `ad_image`', without('ad_image')],
    ['without both', without('ad_image', 'ad_text')],
    ['the hidden truth itself', test.probability],
  ] as const;
  const ofNewAds = Array.from(test.ofNewAd.keys()).filter((row) => test.ofNewAd[row] === 1);
  const clickedNew = ofNewAds.map((row) => test.clicked[row] ?? 0);
  const table = lines.map(([name, all]) => {
    const fresh = ofNewAds.map((row) => all[row] ?? 0);
    const areas = [areaUnderCurve(all, test.clicked), areaUnderCurve(fresh, clickedNew)];
    return `| ${[name, ...areas.map((area) => area.toFixed(3))].join(' | ')} |`;
  });
  return [
    '| AUC on held-out ads | all | new ads, without history |',
    '| --- | --- | --- |',
    ...table,
    '',
    `${adsOf(training)} ads and ${training.count} impressions to learn from, ${adsOf(test)} other ads and ${test.count} impressions to test.`,
  ].join('\n');
}

export function scores(model: ClickModel, rows: ModelRows): Float64Array {
  return Float64Array.from({ length: rows.count }, (_, at) => scoreRow(model, rows.row(at)));
}

function adsOf({ startsAd }: ModelRows): number {
  return startsAd.reduce((sum, starts) => sum + starts, 0);
}
