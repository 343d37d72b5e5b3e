import { beforeAll, expect, test } from 'vitest';
import { registerFonts } from './fonts.ts';
import { createSheet, drawText, type Sheet } from './sheet.ts';

beforeAll(registerFonts);

test('the recorded box is where the ink is', () => {
  const sheet = whiteSheet();
  drawText(sheet, 'Grow something', {
    font: 'serif',
    strength: 2,
    sizePx: 40,
    colour: '#000000',
    x: 30,
    y: 20,
    maxWidth: 400,
  });
  const [left, top, width, height] = sheet.texts[0]?.box ?? [0, 0, 0, 0];
  const ink = inkBox(sheet);
  expect(Math.abs(left - ink.left)).toBeLessThanOrEqual(2);
  expect(Math.abs(top - ink.top)).toBeLessThanOrEqual(2);
  expect(Math.abs(left + width - ink.right)).toBeLessThanOrEqual(2);
  expect(Math.abs(top + height - ink.bottom)).toBeLessThanOrEqual(2);
});

test('the recorded box follows a rotation', () => {
  const sheet = whiteSheet();
  sheet.ctx.translate(200, 150);
  sheet.ctx.rotate(-0.4);
  drawText(sheet, '-50%', {
    font: 'condensed',
    strength: 2,
    sizePx: 60,
    colour: '#000000',
    align: 'center',
    x: 0,
    y: -30,
    maxWidth: 400,
  });
  const [left, top, width, height] = sheet.texts[0]?.box ?? [0, 0, 0, 0];
  const ink = inkBox(sheet);
  expect(left).toBeLessThanOrEqual(ink.left);
  expect(top).toBeLessThanOrEqual(ink.top);
  expect(left + width).toBeGreaterThanOrEqual(ink.right);
  expect(top + height).toBeGreaterThanOrEqual(ink.bottom);
});

test('text that is too long is wrapped, then made smaller', () => {
  const sheet = whiteSheet();
  const text = 'A chair for every Sunday of the year';
  drawText(sheet, text, {
    font: 'sans',
    strength: 1,
    sizePx: 60,
    colour: '#000000',
    x: 10,
    y: 10,
    maxWidth: 300,
    maxLines: 2,
  });
  expect(sheet.texts.map((line) => line.text).join(' ')).toBe(text);
  expect(sheet.texts.length).toBeLessThanOrEqual(2);
  for (const { box } of sheet.texts) expect(box[0] + box[2]).toBeLessThanOrEqual(311);
});

function whiteSheet(): Sheet {
  const sheet = createSheet(420, 300);
  sheet.ctx.fillStyle = '#ffffff';
  sheet.ctx.fillRect(0, 0, sheet.width, sheet.height);
  return sheet;
}

function inkBox({ ctx, width, height }: Sheet): { left: number; right: number; top: number; bottom: number } {
  const { data } = ctx.getImageData(0, 0, width, height);
  const dark = Array.from({ length: width * height }, (_, pixel) => pixel).filter(
    (pixel) => (data[pixel * 4] ?? 255) < 128,
  );
  const xs = dark.map((pixel) => pixel % width);
  const ys = dark.map((pixel) => Math.floor(pixel / width));
  return {
    left: Math.min(...xs),
    right: Math.max(...xs) + 1,
    top: Math.min(...ys),
    bottom: Math.max(...ys) + 1,
  };
}
