import { demoAds } from './catalogue/demo-ads.ts';
import { badPicture } from './pictures/bad-pictures.ts';
import { createRandom } from './random.ts';
import { DAY_MS, drawImpression } from './simulation/audience.ts';

/** The body of one predict request, as JSON. */
export interface AdRequest {
  readonly entities: { readonly ad_id: string };
  readonly request: { readonly requested_at: string; readonly placement: string; readonly bid: number };
}

const MONDAY_MS = Date.UTC(2026, 0, 5);

/** `count` request bodies, the same every time: ads with usable pictures, at hours, placements and bids of one week. */
export function requests(count: number): AdRequest[] {
  const random = createRandom('traffic');
  const ads = demoAds().filter(({ adId }) => badPicture(adId) === null);
  return Array.from({ length: count }, () => {
    const { adId } = random.pick(ads);
    const day = new Date(MONDAY_MS + random.int(0, 6) * DAY_MS);
    const { requestedAt, placement, bid } = drawImpression(day, random);
    return {
      entities: { ad_id: adId },
      request: { requested_at: requestedAt.toISOString(), placement, bid },
    };
  });
}
