import type { DrawLayout } from './layout.ts';
import { drawBackdrop } from '../backdrops.ts';
import { darker, lighter, mix } from '../colour.ts';
import { drawBadge, drawBrand, drawButton, drawPanel, inkOn } from '../parts.ts';
import { drawProduct } from '../products/product.ts';
import { drawText } from '../sheet.ts';

const NAMES = ['Classic', 'Light', 'Studio', 'Weekend', 'Mini', 'Pro', 'Original', 'Plus', 'Everyday'];

/** A leaflet: many products in a grid, each with a name and a price. */
export const drawCatalogue: DrawLayout = (sheet, design, random) => {
  const { ctx, width, height } = sheet;
  const { palette, campaign } = design;
  const unit = Math.min(width, height);
  drawBackdrop(sheet, design, random);
  const head = height * 0.2;
  ctx.fillStyle = palette.accent;
  ctx.fillRect(0, 0, width, head);
  const ink = inkOn(palette.accent);
  drawBrand(sheet, design, { x: width * 0.04, y: head * 0.14, sizePx: unit * 0.042, colour: ink });
  drawText(sheet, design.headline, {
    font: campaign.font,
    strength: 2,
    sizePx: head * 0.34,
    colour: ink,
    x: width * 0.04,
    y: head * 0.44,
    maxWidth: width * 0.72,
    maxLines: 1,
  });
  const [columns, rows] = random.pick([
    [3, 2],
    [3, 3],
    [4, 2],
  ] as const);
  const gap = width * 0.02;
  const cellWidth = (width - gap * (columns + 1)) / columns;
  const foot = height * 0.09;
  const cellHeight = (height - head - foot - gap * (rows + 1)) / rows;
  for (let index = 0; index < columns * rows; index += 1) {
    const left = gap + (index % columns) * (cellWidth + gap);
    const top = head + gap + Math.floor(index / columns) * (cellHeight + gap);
    drawPanel(sheet, [left, top, cellWidth, cellHeight, unit * 0.012], lighter(palette.surface, 0.4));
    const [main, second] = palette.product;
    const colours = [
      mix(main, random.pick([palette.accent, second, '#e9c46a', '#457b9d', main]), 0.55),
      second,
    ] as const;
    const size = Math.min(cellWidth * 0.8, cellHeight * 0.62);
    drawProduct(ctx, campaign.product, {
      x: left + cellWidth / 2,
      y: top + cellHeight * 0.37,
      sizePx: size,
      colours,
    });
    const sizePx = Math.min(cellHeight * 0.1, cellWidth * 0.12);
    const label = { x: left + cellWidth * 0.07, maxWidth: cellWidth * 0.44, maxLines: 1, sizePx };
    drawText(sheet, random.pick(NAMES), {
      ...label,
      font: 'sans',
      strength: 0,
      colour: '#3a3f47',
      y: top + cellHeight * 0.82,
    });
    const price =
      index === 0 ? design.price : `$${random.int(5, 240)}${random.pick(['', '.90', '.99', '.50'])}`;
    drawText(sheet, price, {
      ...label,
      x: left + cellWidth * 0.94,
      maxWidth: cellWidth * 0.4,
      align: 'right',
      font: 'condensed',
      strength: 2,
      sizePx: sizePx * 1.25,
      colour: darker(palette.accent, 0.25),
      y: top + cellHeight * 0.8,
    });
  }
  const bar = height - foot;
  ctx.fillStyle = darker(palette.background, 0.35);
  ctx.fillRect(0, bar, width, foot);
  drawText(sheet, design.subline, {
    font: 'sans',
    strength: 1,
    sizePx: foot * 0.34,
    colour: inkOn(darker(palette.background, 0.35)),
    x: width * 0.04,
    y: bar + foot * 0.3,
    maxWidth: width * 0.55,
    maxLines: 1,
  });
  drawButton(sheet, design, { x: width * 0.8, y: bar + foot * 0.15, sizePx: foot * 0.7, centred: true });
  if (design.badge)
    drawBadge(sheet, design.badge, {
      x: width * 0.87,
      y: head * 0.62,
      sizePx: unit * 0.19,
      colour: lighter(palette.surface, 0.2),
    });
};
