import { createRequire } from 'node:module';
import { GlobalFonts } from '@napi-rs/canvas';

/** Families as `ctx.font` names them; own names, so that an installed font never takes their place. */
export const FONTS = { sans: 'Ad Sans', condensed: 'Ad Condensed', serif: 'Ad Serif' } as const;

export type FontName = keyof typeof FONTS;

const FILES: Record<FontName, { readonly name: string; readonly weights: readonly number[] }> = {
  sans: { name: 'inter', weights: [400, 600, 800] },
  condensed: { name: 'oswald', weights: [400, 600, 700] },
  serif: { name: 'playfair-display', weights: [400, 600, 800] },
};

/** The weight of a family that stands for "regular", "strong" or "heavy". */
export function fontWeight(font: FontName, strength: 0 | 1 | 2): number {
  return FILES[font].weights[strength] ?? 400;
}

/** Registers every weight of the three families; harmless when called again. */
export function registerFonts(): void {
  const { resolve } = createRequire(import.meta.url);
  for (const font of Object.keys(FILES) as FontName[]) {
    if (GlobalFonts.has(FONTS[font])) continue;
    const { name, weights } = FILES[font];
    for (const weight of weights) {
      const path = resolve(`@fontsource/${name}/files/${name}-latin-${weight}-normal.woff2`);
      if (!GlobalFonts.registerFromPath(path, FONTS[font]))
        throw new Error(`The font ${path} cannot be read.`);
    }
  }
}
