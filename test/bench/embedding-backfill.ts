import { badPicture, demoAds } from '@larder/example-ads';
import { backfill, queryAds, startAdsStack, WORKER_SLOTS, type AdsStack } from './ads/ads-stack.ts';
import { startBareLoop } from './ads/start-bare-loop.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROUNDS = 9;
/** Each picture under so many addresses, so that a round lasts long enough. */
const COPIES = 3;
const MIN_RATIO = 0.85;

const bench: Bench = {
  name: 'embedding-backfill',
  what: `pictures/s of a backfill, from the request to the last row in Redis, against a bare loop of fetch + decode + ONNX on ${WORKER_SLOTS} threads`,
  async run(progress) {
    const ads = await startAdsStack(progress);
    const loop = startBareLoop('describe-embedding.ts');
    try {
      const addresses = await fillAds(ads);
      const measured = await interleaved(
        ROUNDS,
        async () => {
          const { seconds, done } = await backfill(ads, 'ad_image', true);
          if (done !== addresses.length)
            throw new Error(`The backfill computed ${done} of ${addresses.length} pictures.`);
          return show(`backfill`, addresses.length / seconds, progress);
        },
        async () =>
          show(
            'bare loop',
            addresses.length / (await loop.secondsOf({ addresses, threads: WORKER_SLOTS })),
            progress,
          ),
      );
      const ratio = median(measured.ratios);
      return [
        {
          name: 'embedding-backfill',
          value: median(measured.values),
          unit: 'pictures/s',
          floor: median(measured.floors),
          ratio,
          target: `≥ ${MIN_RATIO} × its pictures/s`,
          ok: ratio >= MIN_RATIO,
        },
      ];
    } finally {
      loop.stop();
      await ads.close();
    }
  },
};

export default bench;

/** Only usable pictures: a loop without Larder would stop at the first bad one. */
async function fillAds(ads: AdsStack): Promise<string[]> {
  const bad = demoAds().flatMap(({ adId }) => (badPicture(adId) === null ? [] : [`'${adId}'`]));
  await queryAds(ads, `delete from ads where ad_id in (${bad.join()})`);
  await queryAds(
    ads,
    `insert into ads select ad_id || '-' || copy, campaign, headline, image_url || '?copy=' || copy, created_at, updated_at
       from ads, generate_series(2, ${COPIES}) copy`,
  );
  const rows = await queryAds<{ image_url: string }>(ads, 'select image_url from ads order by ad_id');
  return rows.map((row) => row.image_url);
}

function show(what: string, perSecond: number, progress: (message: string) => void): number {
  progress(`${what}: ${perSecond.toFixed(1)} pictures/s`);
  return perSecond;
}
