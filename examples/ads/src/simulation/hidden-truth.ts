import type { AdDesign, LayoutName } from '../catalogue/ad-design.ts';
import { luminance } from '../pictures/colour.ts';
import { createRandom } from '../random.ts';

export const PLACEMENTS = ['feed', 'story', 'sidebar', 'search'] as const;
export type Placement = (typeof PLACEMENTS)[number];

/** One opportunity to show an ad. */
export interface Impression {
  readonly requestedAt: Date;
  readonly placement: Placement;
  /** Dollars per thousand impressions. */
  readonly bid: number;
}

const LAYOUT_APPEAL: Record<LayoutName, number> = {
  portrait: 0.9,
  hero: 0.5,
  story: 0.3,
  poster: 0.15,
  split: 0,
  banner: -0.35,
  typographic: -0.75,
  catalogue: -0.7,
};

const SHOWS_PRICE: ReadonlySet<LayoutName> = new Set(['split', 'banner', 'poster', 'catalogue']);

const PLACEMENT_APPEAL: Record<Placement, number> = { feed: 0, story: 0.3, sidebar: -0.7, search: 0.45 };

/**
 * The true click probability of the simulated audience. Only the simulation knows it; much of it depends on the picture
 * (layout, colours, calm, words), the rest on moment, placement, bid and hidden factors.
 */
export function clickProbability(ad: AdDesign, impression: Impression): number {
  const logit =
    -4.5 + pictureAppeal(ad) + wordsAppeal(ad) + unseenQuality(ad) + situationAppeal(ad, impression);
  return 1 / (1 + Math.exp(-logit));
}

/** Contribution of the picture alone to the logit. */
function pictureAppeal(ad: AdDesign): number {
  return LAYOUT_APPEAL[ad.layout] + 0.8 * ad.warmth - 0.5 * (ad.clutter - 0.3) + (ad.badge ? 0.12 : 0);
}

/** Contribution of the words on the picture: people like a discount, a visible price, and few words. */
function wordsAppeal(ad: AdDesign): number {
  const percent = [ad.subline, ad.badge?.text ?? ''].some((text) => text.includes('%'));
  const price = SHOWS_PRICE.has(ad.layout) || ad.subline.includes('$');
  const words = `${ad.headline} ${ad.subline}`.split(' ').length;
  return (percent ? 0.6 : 0) + (price ? 0.25 : 0) - 0.07 * (words - 10);
}

/** Product, price, offer: hidden from every feature of this example; the same for every impression of an ad. */
function unseenQuality(ad: AdDesign): number {
  return 0.25 * createRandom(`quality/${ad.adId}/${ad.headline}`).normal();
}

function situationAppeal(ad: AdDesign, { requestedAt, placement, bid }: Impression): number {
  const hour = requestedAt.getUTCHours() + requestedAt.getUTCMinutes() / 60;
  const weekend = requestedAt.getUTCDay() % 6 === 0;
  const evening = 0.5 + 0.5 * Math.cos(((hour - 21) * 2 * Math.PI) / 24);
  const onTime = Math.cos(((hour - ad.campaign.peakHour) * 2 * Math.PI) / 24);
  const darkAtNight = 0.5 * evening * (1 - 2 * luminance(ad.palette.background));
  const fits =
    (ad.layout === 'story' && placement === 'story') || (ad.layout === 'banner' && placement === 'sidebar');
  return (
    PLACEMENT_APPEAL[placement] +
    (fits ? 0.5 : 0) +
    0.35 * onTime +
    0.25 * evening +
    darkAtNight +
    (weekend ? 0.2 : 0) +
    0.15 * Math.log(bid)
  );
}
