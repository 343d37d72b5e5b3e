import { adCtrScore, putRows, type AdCtrInput } from '@larder/serving/testing';
import type { Service } from './inference-test.ts';

export const SHOPPER = { country: 'NL', shopper_id: 7 };
export const REQUEST = { requested_at: '2026-11-20T06:30:00+00:00', placement: 'feed', bid: 0.5 };

/** Values that `putAd` stores, and those of `REQUEST`. */
export const STORED: AdCtrInput = {
  embedding: [0.5, 0.25, -1, 2],
  brightness: 0.61,
  ctr: 0.125,
  clicks: 4,
  impressions: 400,
  age: 31,
  premium: true,
  hourUtc: 6,
  bid: 0.5,
  placement: 'feed',
};

export const SCORE = adCtrScore(STORED);

export function body(adId: string) {
  return { entities: { ad_id: adId, ...SHOPPER }, request: REQUEST };
}

type Stores = Pick<Service, 'onlineStore' | 'project'>;

/** Stores one ad and the shopper, complete and fresh; `brightness` distinguishes ads. */
export async function putAd(stores: Stores, adId: string, brightness = STORED.brightness): Promise<void> {
  const keys = { ad_id: adId };
  const embedding = Float32Array.from(STORED.embedding ?? []);
  await putRows(stores.onlineStore, stores.project, [
    { ref: 'ad_image@1', keys, values: { embedding, brightness, note: 'a note' } },
    { ref: 'ad_stats@1', keys, values: { impressions: 400n, clicks: STORED.clicks, ctr: STORED.ctr } },
  ]);
}

export async function putShopper(stores: Stores): Promise<void> {
  await putRows(stores.onlineStore, stores.project, [
    { ref: 'shopper_profile@1', keys: SHOPPER, values: { age: STORED.age, premium: STORED.premium } },
  ]);
}
