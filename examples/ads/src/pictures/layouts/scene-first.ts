import type { DrawLayout } from './layout.ts';
import { drawBackdrop } from '../backdrops.ts';
import { alpha, lighter } from '../colour.ts';
import { drawBadge, drawBrand, drawButton } from '../parts.ts';
import { drawProduct } from '../products/product.ts';
import { drawText } from '../sheet.ts';
import { drawBottomScrim, drawTopScrim } from './scrim.ts';

/** A full-bleed photograph with the message over its foot. */
export const drawPoster: DrawLayout = (sheet, design, random) => {
  const { width, height } = sheet;
  const unit = Math.min(width, height);
  drawBackdrop(sheet, design, random);
  const size = unit * random.between(0.36, 0.5);
  drawProduct(sheet.ctx, design.campaign.product, {
    x: width * random.between(0.32, 0.68),
    y: height * 0.4,
    sizePx: size,
    colours: design.palette.product,
  });
  drawTopScrim(sheet, 0.45, 0.25);
  drawBottomScrim(sheet, 0.88, 0.5);
  const x = width * 0.07;
  drawBrand(sheet, design, { x, y: unit * 0.05, sizePx: unit * 0.05, colour: '#ffffff' });
  const below = drawText(sheet, design.headline, {
    font: design.campaign.font,
    strength: 2,
    sizePx: unit * 0.088,
    colour: '#ffffff',
    x,
    y: height * 0.66,
    maxWidth: width * 0.84,
    maxLines: 2,
    maxHeight: height * 0.3 - unit * 0.14,
  });
  const next = drawText(sheet, design.subline, {
    font: 'sans',
    strength: 0,
    sizePx: unit * 0.037,
    colour: '#eceff3',
    x,
    y: below + unit * 0.008,
    maxWidth: width * 0.84,
    maxLines: 1,
  });
  const top = Math.min(next + unit * 0.02, height - unit * 0.095);
  const buttonWidth = drawButton(sheet, design, { x, y: top, sizePx: unit * 0.08 });
  drawText(sheet, design.price, {
    font: design.campaign.font,
    strength: 2,
    sizePx: unit * 0.055,
    colour: lighter(design.palette.accent, 0.7),
    x: x + buttonWidth + (buttonWidth ? unit * 0.04 : 0),
    y: top + unit * 0.012,
    maxWidth: width * 0.4,
    maxLines: 1,
  });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: width * 0.84,
      y: unit * 0.17,
      sizePx: unit * 0.22,
      colour: design.palette.accent,
    });
};

/** A tall story: photograph, large words, a button to swipe. */
export const drawStory: DrawLayout = (sheet, design, random) => {
  const { ctx, width, height } = sheet;
  drawBackdrop(sheet, design, random);
  drawTopScrim(sheet, 0.6, 0.45);
  for (let part = 0; part < 3; part += 1) {
    ctx.fillStyle = alpha('#ffffff', part === 0 ? 0.95 : 0.4);
    ctx.fillRect(width * (0.05 + part * 0.305), height * 0.018, width * 0.29, Math.max(2, height * 0.004));
  }
  drawBrand(sheet, design, { x: width * 0.06, y: height * 0.04, sizePx: width * 0.075, colour: '#ffffff' });
  const below = drawText(sheet, design.headline, {
    font: design.campaign.font,
    strength: 2,
    sizePx: width * 0.125,
    colour: '#ffffff',
    x: width * 0.06,
    y: height * 0.105,
    maxWidth: width * 0.86,
    maxLines: 3,
    maxHeight: height * 0.2,
  });
  drawText(sheet, design.subline, {
    font: 'sans',
    strength: 1,
    sizePx: width * 0.05,
    colour: '#f1f3f6',
    x: width * 0.06,
    y: below + height * 0.008,
    maxWidth: width * 0.86,
    maxLines: 2,
  });
  drawProduct(ctx, design.campaign.product, {
    x: width / 2,
    y: height * 0.6,
    sizePx: width * 0.74,
    colours: design.palette.product,
  });
  drawBottomScrim(sheet, 0.7, 0.78);
  drawButton(sheet, design, { x: width / 2, y: height * 0.885, sizePx: width * 0.125, centred: true });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: width * 0.8,
      y: height * 0.42,
      sizePx: width * 0.3,
      colour: design.palette.accent,
    });
};
