import type { AdDesign, Badge } from '../catalogue/ad-design.ts';
import { alpha, darker, mostReadable, type Colour } from './colour.ts';
import { drawText, measureText, type Sheet, type TextStyle } from './sheet.ts';
import { fillCircle } from './products/shading.ts';

const DARK = '#14171c';
const LIGHT = '#ffffff';

/** Black or white, whichever reads better on the colour. */
export function inkOn(background: Colour): Colour {
  return mostReadable(background, [DARK, LIGHT]);
}

export interface Spot {
  readonly x: number;
  readonly y: number;
  /** Height of the part; width follows from its text. */
  readonly sizePx: number;
}

/** A rounded call-to-action button whose left edge, or centre, is at x; returns its width. */
export function drawButton(
  sheet: Sheet,
  design: AdDesign,
  spot: Spot & { readonly centred?: boolean },
): number {
  if (design.button === null) return 0;
  const { ctx } = sheet;
  const { font } = design.campaign;
  const style: TextStyle = {
    font: font === 'serif' ? 'sans' : font,
    strength: 1,
    sizePx: spot.sizePx * 0.4,
    colour: inkOn(design.palette.accent),
    align: 'center',
  };
  const width = measureText(sheet, design.button, style) + spot.sizePx * 1.1;
  const left = spot.centred ? spot.x - width / 2 : spot.x;
  ctx.save();
  ctx.shadowColor = alpha('#000000', 0.28);
  ctx.shadowBlur = spot.sizePx * 0.25;
  ctx.shadowOffsetY = spot.sizePx * 0.08;
  ctx.fillStyle = design.palette.accent;
  ctx.beginPath();
  ctx.roundRect(
    left,
    spot.y,
    width,
    spot.sizePx,
    font === 'condensed' ? spot.sizePx * 0.12 : spot.sizePx / 2,
  );
  ctx.fill();
  ctx.restore();
  drawText(sheet, design.button, {
    ...style,
    x: left + width / 2,
    y: spot.y + spot.sizePx * 0.27,
    maxWidth: width,
    maxLines: 1,
  });
  return width;
}

/** The brand's mark and name, on one line. */
export function drawBrand(
  sheet: Sheet,
  design: AdDesign,
  spot: Spot & { readonly colour: Colour; readonly centred?: boolean },
): void {
  const { ctx } = sheet;
  const { brand, font, id } = design.campaign;
  const style: TextStyle = { font, strength: 1, sizePx: spot.sizePx * 0.8, colour: spot.colour };
  const mark = spot.sizePx * 0.85;
  const width = mark * 1.35 + measureText(sheet, brand, style);
  const left = spot.centred ? spot.x - width / 2 : spot.x;
  fillCircle(ctx, [left + mark / 2, spot.y + spot.sizePx / 2, mark / 2], spot.colour);
  fillCircle(
    ctx,
    [left + mark * (id.length % 2 ? 0.64 : 0.4), spot.y + spot.sizePx * 0.42, mark * 0.2],
    alpha(inkOn(spot.colour), 0.8),
  );
  drawText(sheet, brand, {
    ...style,
    x: left + mark * 1.35,
    y: spot.y + spot.sizePx * 0.08,
    maxWidth: sheet.width,
    maxLines: 1,
  });
}

/** A price or percent badge, tilted, centred at (x, y). */
export function drawBadge(sheet: Sheet, badge: Badge, spot: Spot & { readonly colour: Colour }): void {
  const { ctx } = sheet;
  const radius = spot.sizePx / 2;
  ctx.save();
  ctx.translate(spot.x, spot.y);
  ctx.rotate(badge.shape === 'ribbon' ? 0 : -0.2);
  ctx.shadowColor = alpha('#000000', 0.3);
  ctx.shadowBlur = radius * 0.2;
  ctx.fillStyle = spot.colour;
  ctx.beginPath();
  if (badge.shape === 'disc') ctx.arc(0, 0, radius, 0, Math.PI * 2);
  else if (badge.shape === 'ribbon')
    ctx.roundRect(-radius * 1.25, -radius * 0.42, radius * 2.5, radius * 0.84, radius * 0.1);
  else burst(sheet, radius);
  ctx.fill();
  ctx.shadowColor = 'transparent';
  if (badge.shape !== 'ribbon') {
    ctx.lineWidth = Math.max(1, radius * 0.03);
    ctx.strokeStyle = alpha(inkOn(spot.colour), 0.6);
    ctx.beginPath();
    ctx.arc(0, 0, radius * 0.8, 0, Math.PI * 2);
    ctx.stroke();
  }
  const parts = badge.shape === 'ribbon' ? [badge.text] : badge.text.split(' ').slice(0, 3);
  const sizePx = badge.shape === 'ribbon' ? radius * 0.46 : radius * (parts.length > 1 ? 0.4 : 0.54);
  const maxWidth = badge.shape === 'ribbon' ? radius * 2.3 : parts.length > 1 ? radius * 1.15 : radius * 1.45;
  parts.forEach((text, line) => {
    const y = (line - parts.length / 2) * sizePx * 1.12;
    drawText(sheet, text, {
      font: 'condensed',
      strength: 2,
      sizePx,
      colour: inkOn(spot.colour),
      align: 'center',
      x: 0,
      y,
      maxWidth,
      maxLines: 1,
    });
  });
  ctx.restore();
}

/** A panel with a soft shadow. */
export function drawPanel(
  sheet: Sheet,
  box: readonly [number, number, number, number, number],
  fill: string,
): void {
  const { ctx } = sheet;
  ctx.save();
  ctx.shadowColor = alpha(darker('#000000', 0), 0.25);
  ctx.shadowBlur = Math.min(box[2], box[3]) * 0.05;
  ctx.shadowOffsetY = Math.min(box[2], box[3]) * 0.015;
  ctx.fillStyle = fill;
  ctx.beginPath();
  ctx.roundRect(...box);
  ctx.fill();
  ctx.restore();
}

function burst(sheet: Sheet, radius: number): void {
  const points = 16;
  for (let point = 0; point < points * 2; point += 1) {
    const reach = point % 2 ? radius * 0.88 : radius * 1.04;
    const angle = (point * Math.PI) / points;
    sheet.ctx.lineTo(reach * Math.cos(angle), reach * Math.sin(angle));
  }
  sheet.ctx.closePath();
}
