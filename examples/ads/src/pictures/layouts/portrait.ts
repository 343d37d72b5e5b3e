import type { DrawLayout } from './layout.ts';
import { drawBackdrop } from '../backdrops.ts';
import { drawPerson } from '../person.ts';
import { drawBadge, drawBrand, drawButton, drawPanel, inkOn } from '../parts.ts';
import { drawProduct } from '../products/product.ts';
import { drawText } from '../sheet.ts';

/** A person who looks at you, with the product in front and the message on a card. */
export const drawPortrait: DrawLayout = (sheet, design, random) => {
  const { ctx, width, height } = sheet;
  const { palette, campaign } = design;
  const unit = Math.min(width, height);
  drawBackdrop(sheet, design, random);
  const wide = width > height * 1.3;
  const person = wide
    ? { x: width * 0.26, y: height * 0.52, sizePx: height * 0.98 }
    : { x: width * 0.5, y: height * 0.33, sizePx: unit * 0.68 };
  drawPerson(ctx, { ...person, clothes: palette.product[0] }, random);
  const card = wide
    ? ([width * 0.5, height * 0.08, width * 0.46, height * 0.84, unit * 0.03] as const)
    : ([width * 0.06, height * 0.565, width * 0.88, height * 0.395, unit * 0.03] as const);
  drawPanel(sheet, card, palette.surface);
  const ink = inkOn(palette.surface);
  const x = card[0] + card[2] * 0.06;
  const textWidth = card[2] * (wide ? 0.86 : 0.66);
  drawBrand(sheet, design, { x, y: card[1] + unit * 0.03, sizePx: unit * 0.042, colour: ink });
  const below = drawText(sheet, design.headline, {
    font: campaign.font,
    strength: 2,
    sizePx: unit * (wide ? 0.1 : 0.068),
    colour: ink,
    x,
    y: card[1] + unit * 0.085,
    maxWidth: textWidth,
    maxLines: wide ? 3 : 2,
    maxHeight: unit * (wide ? 0.37 : 0.15),
  });
  drawText(sheet, design.subline, {
    font: 'sans',
    strength: 0,
    sizePx: unit * (wide ? 0.042 : 0.032),
    colour: ink,
    x,
    y: below + unit * 0.01,
    maxWidth: textWidth,
    maxLines: wide ? 2 : 1,
  });
  drawButton(sheet, design, {
    x,
    y: card[1] + card[3] - unit * (wide ? 0.14 : 0.098),
    sizePx: unit * (wide ? 0.1 : 0.074),
  });
  const size = wide ? height * 0.32 : card[3] * 0.6;
  drawProduct(ctx, campaign.product, {
    x: card[0] + card[2] - size * 0.55,
    y: card[1] + card[3] - size * 0.52,
    sizePx: size,
    colours: palette.product,
  });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: wide ? width * 0.46 : width * 0.83,
      y: height * 0.14,
      sizePx: unit * 0.2,
      colour: palette.accent,
    });
};
