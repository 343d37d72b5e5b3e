import { expect, test } from 'vitest';
import { badPicture } from '../pictures/bad-pictures.ts';
import { designAds, LAYOUTS } from './ad-design.ts';
import { demoAds } from './demo-ads.ts';

test('an ad does not depend on how many others there are', () => {
  const few = designAds({ count: 5, seed: 'any', prefix: 'ad' });
  const many = designAds({ count: 50, seed: 'any', prefix: 'ad' });
  expect(many.slice(0, 5)).toEqual(few);
});

test('the demo has varied ads, and three with bad pictures', () => {
  const ads = demoAds();
  const distinct = (values: readonly unknown[]): number => new Set(values).size;
  expect(ads.length).toBeGreaterThanOrEqual(200);
  expect(distinct(ads.map(({ adId }) => adId))).toBe(ads.length);
  expect(distinct(ads.map(({ campaign }) => campaign.id))).toBe(12);
  expect(distinct(ads.map(({ layout }) => layout))).toBe(LAYOUTS.length);
  expect(distinct(ads.map(({ format }) => format))).toBe(3);
  expect(distinct(ads.map(({ profile }) => profile))).toBe(3);
  for (const { width, height } of ads) {
    expect(Math.min(width, height)).toBeGreaterThanOrEqual(300);
    expect(Math.max(width, height)).toBeLessThanOrEqual(1_200);
  }
  expect(ads.map(({ adId }) => badPicture(adId)).filter((bad) => bad !== null)).toEqual([
    'missing',
    'truncated',
    'huge',
  ]);
});
