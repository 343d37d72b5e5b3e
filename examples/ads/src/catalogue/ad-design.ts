import { warmth } from '../pictures/colour.ts';
import { createRandom, type Random } from '../random.ts';
import type { Campaign, Palette, SceneName } from './campaign.ts';
import { CAMPAIGNS } from './campaigns.ts';

export const LAYOUTS = [
  'hero',
  'split',
  'banner',
  'poster',
  'portrait',
  'catalogue',
  'typographic',
  'story',
] as const;
export type LayoutName = (typeof LAYOUTS)[number];

export type Backdrop = 'plain' | 'studio' | 'rays' | 'dots' | 'waves' | 'blocks' | 'scene';

export type Badge = { readonly shape: 'burst' | 'disc' | 'ribbon'; readonly text: string };

/** Everything that decides how one ad looks; the picture and the simulated audience both follow from it. */
export interface AdDesign {
  readonly adId: string;
  readonly campaign: Campaign;
  readonly layout: LayoutName;
  readonly width: number;
  readonly height: number;
  readonly format: 'jpeg' | 'png' | 'webp';
  /** The colour profile embedded in the file. */
  readonly profile: 'none' | 'srgb' | 'p3';
  readonly palette: Palette;
  readonly backdrop: Backdrop;
  readonly scene: SceneName;
  readonly headline: string;
  readonly subline: string;
  readonly button: string | null;
  readonly price: string;
  readonly badge: Badge | null;
  /** -1 cold to 1 warm, over the colours that fill most of the picture. */
  readonly warmth: number;
  /** Number of small things drawn beside the message, 0 calm to 1 crowded. */
  readonly clutter: number;
}

const SHAPES: Record<LayoutName, readonly (readonly [number, number])[]> = {
  hero: [
    [1080, 1080],
    [800, 800],
    [600, 600],
    [1080, 1350].map((side) => Math.round(side * 0.8)) as [number, number],
  ],
  split: [
    [1200, 628],
    [1080, 1080],
    [960, 540],
    [600, 500],
  ],
  banner: [
    [1200, 400],
    [970, 300],
    [1200, 300],
  ],
  poster: [
    [1080, 1080],
    [900, 1200],
    [1200, 800],
    [640, 800],
  ],
  portrait: [
    [1080, 1080],
    [800, 1000],
    [1200, 628],
    [700, 700],
  ],
  catalogue: [
    [1080, 1080],
    [1200, 900],
    [800, 800],
  ],
  typographic: [
    [1080, 1080],
    [300, 600],
    [1200, 628],
    [600, 600],
  ],
  story: [
    [675, 1200],
    [540, 960],
    [450, 800],
  ],
};

export interface DesignAdsOptions {
  readonly count: number;
  readonly seed: string;
  /** Ads are called `<prefix>-1`, `<prefix>-2`, … */
  readonly prefix: string;
}

/** Designs of `count` ads, always the same for a seed; the first ones do not depend on `count`. */
export function designAds({ count, seed, prefix }: DesignAdsOptions): AdDesign[] {
  return Array.from({ length: count }, (_, index) => designAd(`${prefix}-${index + 1}`, seed));
}

function designAd(adId: string, seed: string): AdDesign {
  const random = createRandom(`${seed}/${adId}`);
  const campaign = random.pick(CAMPAIGNS);
  const layout = random.pick(LAYOUTS);
  const palette = random.pick(campaign.palettes);
  const [width, height] = random.pick(SHAPES[layout]);
  const backdrop = pickBackdrop(layout, random);
  const badge = layout === 'typographic' || random.chance(0.45) ? null : pickBadge(random);
  return {
    adId,
    campaign,
    layout,
    width,
    height,
    format: random.pick(['jpeg', 'jpeg', 'jpeg', 'webp', 'png'] as const),
    profile: random.pick(['none', 'none', 'none', 'srgb', 'p3'] as const),
    palette,
    backdrop,
    scene: random.pick(campaign.scenes),
    headline: random.pick(campaign.headlines),
    subline: random.pick(campaign.sublines),
    button: random.chance(0.8) ? random.pick(campaign.buttons) : null,
    price: random.pick(campaign.prices),
    badge,
    warmth: 0.6 * warmth(palette.background) + 0.4 * warmth(palette.product[0]),
    clutter: CLUTTER[layout] + (badge ? 0.12 : 0) + (backdrop === 'dots' || backdrop === 'blocks' ? 0.15 : 0),
  };
}

const CLUTTER: Record<LayoutName, number> = {
  hero: 0.15,
  split: 0.25,
  banner: 0.35,
  poster: 0.3,
  portrait: 0.2,
  catalogue: 0.7,
  typographic: 0.05,
  story: 0.25,
};

function pickBackdrop(layout: LayoutName, random: Random): Backdrop {
  if (layout === 'poster' || layout === 'story') return 'scene';
  if (layout === 'typographic') return random.pick(['plain', 'plain', 'waves', 'blocks']);
  return random.pick(['plain', 'studio', 'studio', 'rays', 'dots', 'waves', 'blocks', 'scene']);
}

function pickBadge(random: Random): Badge {
  const shape = random.pick(['burst', 'disc', 'ribbon'] as const);
  const text = random.pick([
    '-20%',
    '-30%',
    '-50%',
    '-15%',
    'NEW',
    'SALE',
    'HALF PRICE',
    'FREE SHIPPING',
    'LAST DAYS',
  ]);
  return { shape, text };
}

/** Path of an ad's picture, below the folder of pictures and below the feed's address. */
export function picturePath(design: Pick<AdDesign, 'adId' | 'format'>): string {
  return `creatives/${design.adId}.${design.format === 'jpeg' ? 'jpg' : design.format}`;
}
