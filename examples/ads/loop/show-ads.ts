import type { AdDesign } from '../src/catalogue/ad-design.ts';
import { createRandom } from '../src/random.ts';
import { DAY_MS, drawImpression } from '../src/simulation/audience.ts';
import { clickProbability } from '../src/simulation/hidden-truth.ts';

export interface ShowAdsOptions {
  readonly inferenceUrl: string;
  readonly ads: readonly AdDesign[];
  readonly impressionsPerAd: number;
}

export interface ShownAds {
  readonly impressions: number;
  readonly clicks: number;
}

const MONDAY_MS = Date.UTC(2026, 0, 5);
const BATCH_ROWS = 500;

/**
 * Shows every ad to the simulated audience: the service predicts each impression and logs it, and the clicks are sent
 * as labels of their predictions. Silence is a negative, as the model declares. The same impressions every time.
 */
export async function showAds({ inferenceUrl, ads, impressionsPerAd }: ShowAdsOptions): Promise<ShownAds> {
  const shown = ads.flatMap((ad) => {
    const random = createRandom(`impressions/${ad.adId}`);
    return Array.from({ length: impressionsPerAd }, () => {
      const impression = drawImpression(new Date(MONDAY_MS + random.int(0, 6) * DAY_MS), random);
      const clicked = random.chance(clickProbability(ad, impression));
      const { requestedAt, placement, bid } = impression;
      const row = {
        entities: { ad_id: ad.adId },
        request: { requested_at: requestedAt.toISOString(), placement, bid },
      };
      return { row, clicked };
    });
  });
  let clicks = 0;
  for (let start = 0; start < shown.length; start += BATCH_ROWS) {
    const batch = shown.slice(start, start + BATCH_ROWS);
    const { rows } = await post<{ rows: readonly { prediction_id?: string }[] }>(
      `${inferenceUrl}/v1/models/ad_ctr/predict-batch`,
      { rows: batch.map(({ row }) => row), options: { deadline_ms: 30_000 } },
    );
    const now = new Date().toISOString();
    const labels = rows.flatMap(({ prediction_id: id }, i) =>
      batch[i]?.clicked === true
        ? [{ name: 'clicked', event_id: `click-${id}`, prediction_id: id, event_timestamp: now, value: true }]
        : [],
    );
    clicks += labels.length;
    if (labels.length > 0) await post(`${inferenceUrl}/v1/labels`, { labels });
  }
  return { impressions: shown.length, clicks };
}

async function post<Answer>(url: string, body: object): Promise<Answer> {
  const answer = await fetch(url, {
    method: 'POST',
    signal: AbortSignal.timeout(60_000),
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as Answer;
}
