import { badPicture, demoAds } from '@larder/example-ads';
import { backfill, queryAds, startAdsStack, WORKER_SLOTS } from './ads/ads-stack.ts';
import { startBareLoop } from './ads/start-bare-loop.ts';
import { interleaved, median, type Bench } from './row.ts';

const ROUNDS = 5;
/** A picture takes about 0.4 s of a core. */
const PICTURES = 60;
const MIN_RATIO = 0.85;

const bench: Bench = {
  name: 'text-backfill',
  what: `pictures/s of a backfill of ad_text, from the request to the last row in Redis, against a bare loop of fetch + decode + the same two networks on ${WORKER_SLOTS} threads`,
  async run(progress) {
    const ads = await startAdsStack(progress);
    const loop = startBareLoop('describe-text.ts');
    const show = (what: string, seconds: number): number => {
      progress(`${what}: ${(PICTURES / seconds).toFixed(2)} pictures/s`);
      return PICTURES / seconds;
    };
    try {
      const kept = demoAds()
        .filter(({ adId }) => badPicture(adId) === null)
        .slice(0, PICTURES)
        .map(({ adId }) => `'${adId}'`);
      await queryAds(ads, `delete from ads where ad_id not in (${kept.join()})`);
      const rows = await queryAds<{ image_url: string }>(ads, 'select image_url from ads order by ad_id');
      const addresses = rows.map((row) => row.image_url);
      const measured = await interleaved(
        ROUNDS,
        async () => {
          const { seconds, done } = await backfill(ads, 'ad_text', true);
          if (done !== PICTURES) throw new Error(`The backfill computed ${done} of ${PICTURES} pictures.`);
          return show('backfill', seconds);
        },
        async () => show('bare loop', await loop.secondsOf({ addresses, threads: WORKER_SLOTS })),
      );
      const ratio = median(measured.ratios);
      return [
        {
          name: 'text-backfill',
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
