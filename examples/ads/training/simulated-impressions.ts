import { adCtr, moment, offer } from '../larder.config.ts';
import type { AdDesign } from '../src/catalogue/ad-design.ts';
import { createRandom } from '../src/random.ts';
import { DAY_MS, drawImpression, simulateWeek } from '../src/simulation/audience.ts';
import { clickProbability } from '../src/simulation/hidden-truth.ts';
import { PICTURE_VIEWS, type PictureFeatures } from './compute-pictures.ts';
import { featureColumns, totalWidth, writeColumns } from './feature-columns.ts';
import type { ModelRows } from './model-rows.ts';

/** Impressions of some ads, as input of the model. */
export interface Impressions extends ModelRows {
  /** The hidden truth's own probability: the best that any model could score. */
  readonly probability: Float64Array;
}

const TODAY = new Date(Date.UTC(2026, 0, 5));

/** Shows every ad `perAd` times to the simulated audience, within a week, and computes the model's features. */
export function simulateImpressions(
  ads: readonly AdDesign[],
  pictures: ReadonlyMap<string, PictureFeatures>,
  perAd: number,
): Impressions {
  const columns = featureColumns(adCtr);
  const width = totalWidth(columns);
  const count = ads.length * perAd;
  const clicked = new Uint8Array(count);
  const probability = new Float64Array(count);
  const ofNewAd = new Uint8Array(count);
  const startsAd = new Uint8Array(count);
  const cheap = columns.filter(({ view }) => !PICTURE_VIEWS.includes(view));
  const cheapStart = cheap[0]?.start ?? 0;
  const cheapRows: Float32Array[] = [];
  ads.forEach((ad, at) => {
    const random = createRandom(`impressions/${ad.adId}`);
    const stats = weekOf(ad);
    startsAd[at * perAd] = 1;
    for (let shown = 0; shown < perAd; shown += 1) {
      const index = at * perAd + shown;
      const impression = drawImpression(new Date(TODAY.getTime() + random.int(0, 6) * DAY_MS), random);
      const request = {
        requested_at: impression.requestedAt,
        bid: impression.bid,
        placement: impression.placement,
      };
      probability[index] = clickProbability(ad, impression);
      clicked[index] = random.chance(probability[index]) ? 1 : 0;
      ofNewAd[index] = stats.impressions_7d === 0 ? 1 : 0;
      const row = new Float32Array(width);
      writeColumns(
        cheap,
        {
          ad_stats: stats,
          moment: moment.compute({ request, features: {} } as never),
          offer: offer.compute({ request, features: { ad_stats: stats } } as never),
        },
        row,
      );
      cheapRows.push(row.slice(cheapStart));
    }
  });
  return {
    columns,
    count,
    clicked,
    startsAd,
    probability,
    ofNewAd,
    row(index) {
      const row = new Float32Array(width);
      const picture = pictures.get(ads[Math.floor(index / perAd)]?.adId ?? '');
      writeColumns(columns, { ...picture }, row);
      row.set(cheapRows[index] ?? [], cheapStart);
      return row;
    },
  };
}

/** The `ad_stats` features of the week before. */
function weekOf(ad: AdDesign): { impressions_7d: number; clicks_7d: number } {
  const days = simulateWeek(ad, TODAY);
  return {
    impressions_7d: days.reduce((sum, day) => sum + day.impressions, 0),
    clicks_7d: days.reduce((sum, day) => sum + day.clicks, 0),
  };
}
