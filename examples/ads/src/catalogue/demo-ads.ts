import { designAds, type AdDesign } from './ad-design.ts';

const DEMO_ADS = 210;

/** The ads of the demo: 210 of twelve campaigns, three of them with bad pictures. */
export function demoAds(): AdDesign[] {
  return designAds({ count: DEMO_ADS, seed: 'demo', prefix: 'ad' });
}
