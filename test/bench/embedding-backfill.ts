import { badPicture, demoAds } from '@larder/example-ads';
import { queryAds } from './ads/ads-stack.ts';
import { backfillBench } from './ads/backfill-bench.ts';

/** Number of addresses per picture, so that a round lasts long enough. */
const COPIES = 3;

export default backfillBench({
  name: 'embedding-backfill',
  view: 'ad_image',
  describe: 'describe-embedding.ts',
  loop: 'fetch + decode + ONNX',
  rounds: 9,
  async prepare(ads) {
    const bad = demoAds().flatMap(({ adId }) => (badPicture(adId) === null ? [] : [`'${adId}'`]));
    await queryAds(ads, `delete from ads where ad_id in (${bad.join()})`);
    await queryAds(
      ads,
      `insert into ads select ad_id || '-' || copy, campaign, headline, image_url || '?copy=' || copy, created_at, updated_at
         from ads, generate_series(2, ${COPIES}) copy`,
    );
  },
});
