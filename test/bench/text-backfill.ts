import { badPicture, demoAds } from '@larder/example-ads';
import { queryAds } from './ads/ads-stack.ts';
import { backfillBench } from './ads/backfill-bench.ts';

/** A picture takes about 0.4 s of a core. */
const PICTURES = 60;

export default backfillBench({
  name: 'text-backfill',
  view: 'ad_text',
  describe: 'describe-text.ts',
  loop: 'fetch + decode + the same two networks',
  rounds: 5,
  async prepare(ads) {
    const kept = demoAds()
      .filter(({ adId }) => badPicture(adId) === null)
      .slice(0, PICTURES)
      .map(({ adId }) => `'${adId}'`);
    await queryAds(ads, `delete from ads where ad_id not in (${kept.join()})`);
  },
});
