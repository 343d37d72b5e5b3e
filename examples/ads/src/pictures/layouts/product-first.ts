import type { DrawLayout } from './layout.ts';
import { drawBackdrop } from '../backdrops.ts';
import { alpha, darker } from '../colour.ts';
import { drawBadge, drawBrand, drawButton, inkOn } from '../parts.ts';
import { drawProduct } from '../products/product.ts';
import { drawText } from '../sheet.ts';
import { drawTopScrim } from './scrim.ts';

/** The product large in the middle, the headline above, the button below. */
export const drawHero: DrawLayout = (sheet, design, random) => {
  const { width, height } = sheet;
  const unit = Math.min(width, height);
  drawBackdrop(sheet, design, random);
  const overScene = design.backdrop === 'scene';
  if (overScene) drawTopScrim(sheet, 0.5);
  const ink = overScene ? '#ffffff' : inkOn(design.palette.background);
  const { font } = design.campaign;
  drawBrand(sheet, design, {
    x: width / 2,
    y: unit * 0.045,
    sizePx: unit * 0.042,
    colour: ink,
    centred: true,
  });
  const below = drawText(sheet, design.headline, {
    font,
    strength: 2,
    sizePx: unit * 0.085,
    colour: ink,
    align: 'center',
    x: width / 2,
    y: unit * 0.115,
    maxWidth: width * 0.86,
    maxLines: 2,
  });
  drawText(sheet, design.subline, {
    font: 'sans',
    strength: 0,
    sizePx: unit * 0.034,
    colour: ink,
    align: 'center',
    x: width / 2,
    y: below + unit * 0.012,
    maxWidth: width * 0.82,
    maxLines: 1,
  });
  const size = Math.min(unit * 0.56, height - below - unit * 0.26);
  const middle = (below + unit * 0.07 + height - unit * 0.15) / 2;
  drawProduct(sheet.ctx, design.campaign.product, {
    x: width / 2,
    y: middle,
    sizePx: size,
    colours: design.palette.product,
  });
  drawButton(sheet, design, { x: width / 2, y: height - unit * 0.13, sizePx: unit * 0.085, centred: true });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: width * random.pick([0.2, 0.8]),
      y: middle - size * 0.2,
      sizePx: unit * 0.21,
      colour: design.palette.accent,
    });
};

/** Message on a coloured half, product on the other. */
export const drawSplit: DrawLayout = (sheet, design, random) => {
  const { ctx, width, height } = sheet;
  const { palette, campaign } = design;
  const unit = Math.min(width, height);
  const flipped = random.chance(0.4);
  const cut = flipped ? width * 0.48 : width * 0.52;
  drawBackdrop(sheet, design, random);
  const panelLeft = flipped ? cut : 0;
  const panelWidth = flipped ? width - cut : cut;
  ctx.fillStyle = palette.surface;
  ctx.beginPath();
  const slant = random.chance(0.4) ? unit * 0.09 : 0;
  ctx.moveTo(flipped ? cut + slant : 0, 0);
  ctx.lineTo(flipped ? width : cut, 0);
  ctx.lineTo(flipped ? width : cut - slant, height);
  ctx.lineTo(flipped ? cut : 0, height);
  ctx.fill();
  const ink = inkOn(palette.surface);
  const x = panelLeft + panelWidth * (flipped ? 0.15 : 0.09);
  const maxWidth = panelWidth * 0.72;
  drawBrand(sheet, design, { x, y: height * 0.08, sizePx: unit * 0.052, colour: ink });
  const headlinePx = Math.min(unit * 0.105, panelWidth * 0.135);
  const below = drawText(sheet, design.headline, {
    font: campaign.font,
    strength: 2,
    sizePx: headlinePx,
    colour: ink,
    x,
    y: height * 0.2,
    maxWidth,
    maxLines: 3,
    maxHeight: height * 0.32,
  });
  const next = drawText(sheet, design.subline, {
    font: 'sans',
    strength: 0,
    sizePx: unit * 0.042,
    colour: alpha(ink, 0.82),
    x,
    y: below + unit * 0.02,
    maxWidth,
    maxLines: 2,
  });
  drawText(sheet, design.price, {
    font: campaign.font,
    strength: 2,
    sizePx: unit * 0.075,
    colour: mostVisible(palette.accent, palette.surface),
    x,
    y: next + unit * 0.025,
    maxWidth,
    maxLines: 1,
  });
  drawButton(sheet, design, { x, y: height - unit * 0.2, sizePx: unit * 0.105 });
  const half = flipped ? cut / 2 : cut + (width - cut) / 2;
  const size = Math.min(width * 0.4, height * 0.72);
  drawProduct(ctx, campaign.product, { x: half, y: height * 0.53, sizePx: size, colours: palette.product });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: half + size * 0.36,
      y: height * 0.2,
      sizePx: unit * 0.22,
      colour: palette.accent,
    });
};

/** One wide line: product, message, button. */
export const drawBanner: DrawLayout = (sheet, design, random) => {
  const { width, height } = sheet;
  const { palette, campaign } = design;
  drawBackdrop(sheet, design, random);
  const overScene = design.backdrop === 'scene';
  if (overScene) drawTopScrim(sheet, 0.62, 1);
  const ink = overScene ? '#ffffff' : inkOn(palette.background);
  drawProduct(sheet.ctx, campaign.product, {
    x: height * 0.55,
    y: height * 0.5,
    sizePx: height * 0.82,
    colours: palette.product,
  });
  const x = height * 1.08;
  const maxWidth = width * (design.badge ? 0.64 : 0.7) - x;
  drawBrand(sheet, design, { x, y: height * 0.1, sizePx: height * 0.1, colour: ink });
  const below = drawText(sheet, design.headline, {
    font: campaign.font,
    strength: 2,
    sizePx: height * 0.2,
    colour: ink,
    x,
    y: height * 0.27,
    maxWidth,
    maxLines: 2,
    maxHeight: height * 0.48,
  });
  drawText(sheet, design.subline, {
    font: 'sans',
    strength: 0,
    sizePx: height * 0.085,
    colour: ink,
    x,
    y: below + height * 0.03,
    maxWidth,
    maxLines: 1,
  });
  const right = width * 0.85;
  drawText(sheet, design.price, {
    font: campaign.font,
    strength: 2,
    sizePx: height * 0.2,
    colour: ink,
    align: 'center',
    x: right,
    y: height * 0.16,
    maxWidth: width * 0.2,
    maxLines: 1,
  });
  drawButton(sheet, design, {
    x: right,
    y: height * 0.56,
    sizePx: Math.min(height * 0.2, width * 0.062),
    centred: true,
  });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: width * 0.7,
      y: height * 0.5,
      sizePx: Math.min(height * 0.4, width * 0.09),
      colour: darker(palette.accent, 0.12),
    });
};

function mostVisible(colour: string, surface: string): string {
  return inkOn(surface) === '#ffffff' ? colour : darker(colour, 0.25);
}
