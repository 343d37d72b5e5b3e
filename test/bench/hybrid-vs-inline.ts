import { measureLatencies, requests, startScript } from '@larder/example-ads';
import { backfill, startAdsStack } from './ads/ads-stack.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROUNDS = 9;
/** Each takes half a second. */
const INLINE_REQUESTS = 10;
const HYBRID_REQUESTS = 200;
const MIN_RATIO = 60;

const bench: Bench = {
  name: 'hybrid-vs-inline',
  what: 'p99 of predict with embedding and text from the store, against a plain service that computes them inside the request',
  async run(progress) {
    const ads = await startAdsStack(progress);
    const args = ['--database-url', ads.adsDatabaseUrl];
    const inline = await startScript('inline-process.ts', args, ads.folder);
    try {
      await backfill(ads, 'ad_events', false);
      await backfill(ads, 'ad_image', false);
      await backfill(ads, 'ad_text', false);
      const bodies = requests(HYBRID_REQUESTS);
      const measured = await interleaved(
        ROUNDS,
        async () => {
          const { p99Ms } = await measureLatencies(
            `${ads.stack.inferenceUrl}/v1/models/ad_ctr/predict`,
            bodies,
          );
          return p99Ms;
        },
        async () => {
          const { p99Ms } = await measureLatencies(inline.url, bodies.slice(0, INLINE_REQUESTS));
          progress(`everything inside the request: p99 ${p99Ms.toFixed(1)} ms`);
          return p99Ms;
        },
      );
      const ratio = median(measured.ratios.map((share) => 1 / share));
      return [
        {
          name: 'hybrid-vs-inline',
          value: median(measured.values),
          unit: 'ms p99',
          floor: median(measured.floors),
          ratio,
          target: `≥ ${MIN_RATIO} × faster`,
          ok: ratio >= MIN_RATIO,
        },
      ];
    } finally {
      await inline.stop();
      await ads.close();
    }
  },
};

export default bench;
