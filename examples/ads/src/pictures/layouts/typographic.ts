import type { DrawLayout } from './layout.ts';
import { drawBackdrop } from '../backdrops.ts';
import { alpha } from '../colour.ts';
import { drawBrand, drawButton, inkOn } from '../parts.ts';
import { drawText } from '../sheet.ts';

/** Words alone: a very large headline and a thin rule. */
export const drawTypographic: DrawLayout = (sheet, design, random) => {
  const { ctx, width, height } = sheet;
  const unit = Math.min(width, height);
  drawBackdrop(sheet, design, random);
  const ink = inkOn(design.palette.background);
  const centred = random.chance(0.5);
  const x = centred ? width / 2 : width * 0.08;
  const align = centred ? 'center' : 'left';
  const { font } = design.campaign;
  drawBrand(sheet, design, { x, y: height * 0.07, sizePx: unit * 0.055, colour: ink, centred });
  const below = drawText(sheet, design.headline, {
    font,
    strength: 2,
    sizePx: unit * 0.17,
    colour: ink,
    align,
    x,
    y: height * 0.2,
    maxWidth: width * 0.86,
    maxLines: height > width * 1.5 ? 5 : 3,
    maxHeight: height * 0.72 - unit * 0.27,
  });
  ctx.fillStyle = alpha(ink, 0.7);
  ctx.fillRect(
    centred ? width / 2 - unit * 0.09 : x,
    below + unit * 0.035,
    unit * 0.18,
    Math.max(2, unit * 0.008),
  );
  drawText(sheet, design.subline, {
    font: 'sans',
    strength: 0,
    sizePx: unit * 0.046,
    colour: ink,
    align,
    x,
    y: below + unit * 0.08,
    maxWidth: width * 0.84,
    maxLines: 2,
  });
  drawButton(sheet, design, { x, y: height - unit * 0.19, sizePx: unit * 0.1, centred });
};
