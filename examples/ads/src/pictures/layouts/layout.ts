import type { AdDesign, LayoutName } from '../../catalogue/ad-design.ts';
import type { Random } from '../../random.ts';
import type { Sheet } from '../sheet.ts';
import { drawCatalogue } from './catalogue.ts';
import { drawBanner, drawHero, drawSplit } from './product-first.ts';
import { drawPortrait } from './portrait.ts';
import { drawPoster, drawStory } from './scene-first.ts';
import { drawTypographic } from './typographic.ts';

export type DrawLayout = (sheet: Sheet, design: AdDesign, random: Random) => void;

/** How each layout family arranges backdrop, product, message, price, badge and button. */
export const LAYOUT_DRAWINGS: Record<LayoutName, DrawLayout> = {
  hero: drawHero,
  split: drawSplit,
  banner: drawBanner,
  poster: drawPoster,
  portrait: drawPortrait,
  catalogue: drawCatalogue,
  typographic: drawTypographic,
  story: drawStory,
};
