import type { Colour } from '../pictures/colour.ts';
import type { FontName } from '../pictures/fonts.ts';

export type ProductName =
  | 'cup' | 'suitcase' | 'sneaker' | 'headphones' | 'armchair' | 'plant'
  | 'book' | 'phone' | 'fruit' | 'bicycle' | 'bottle' | 'gamepad'; // prettier-ignore

export type SceneName = 'mountains' | 'sea' | 'city' | 'bokeh' | 'wood' | 'room' | 'leaves';

export interface Palette {
  readonly background: Colour;
  readonly surface: Colour;
  readonly accent: Colour;
  /** Main and second colour of the product. */
  readonly product: readonly [Colour, Colour];
}

/** What one advertiser's ads have in common. */
export interface Campaign {
  readonly id: string;
  readonly brand: string;
  readonly product: ProductName;
  readonly font: FontName;
  readonly scenes: readonly SceneName[];
  readonly palettes: readonly Palette[];
  readonly headlines: readonly string[];
  readonly sublines: readonly string[];
  readonly buttons: readonly string[];
  readonly prices: readonly string[];
  /** When the audience looks: hour of the day, 0 to 24. */
  readonly peakHour: number;
}
