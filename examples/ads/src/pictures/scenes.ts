import type { Palette, SceneName } from '../catalogue/campaign.ts';
import type { Random } from '../random.ts';
import { alpha, darker, lighter, mix, type Colour } from './colour.ts';
import { fillCircle } from './products/shading.ts';
import type { Sheet } from './sheet.ts';
import { drawClouds, drawGrain } from './texture.ts';

type DrawScene = (sheet: Sheet, palette: Palette, random: Random) => void;

const SCENES: Record<SceneName, DrawScene> = {
  mountains: drawMountains,
  sea: drawSea,
  city: drawCity,
  bokeh: drawBokeh,
  wood: drawWood,
  room: drawRoom,
  leaves: drawLeaves,
};

/** A photo-like background over the whole sheet, in the campaign's colours. */
export function drawScene(
  sheet: Sheet,
  scene: SceneName,
  options: { palette: Palette; random: Random },
): void {
  SCENES[scene](sheet, options.palette, options.random);
  drawClouds(sheet, options.random, 0.45);
  drawGrain(sheet, 0.22);
}

/** Fills the sheet from top to bottom through the colours. */
export function fillDown(sheet: Sheet, colours: readonly Colour[]): void {
  const gradient = sheet.ctx.createLinearGradient(0, 0, 0, sheet.height);
  colours.forEach((colour, index) => gradient.addColorStop(index / (colours.length - 1), colour));
  sheet.ctx.fillStyle = gradient;
  sheet.ctx.fillRect(0, 0, sheet.width, sheet.height);
}

function drawMountains(sheet: Sheet, { background, accent, surface }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  fillDown(sheet, [mix(background, '#2b5d8a', 0.3), mix(surface, accent, 0.25), mix(surface, accent, 0.55)]);
  const sun = [width * random.between(0.2, 0.8), height * random.between(0.2, 0.34), width * 0.07] as const;
  fillCircle(ctx, [sun[0], sun[1], sun[2] * 1.9], alpha('#fff3d6', 0.25));
  fillCircle(ctx, sun, lighter(accent, 0.75));
  for (let range = 0; range < 4; range += 1) {
    const base = height * (0.44 + range * 0.14);
    ctx.fillStyle = mix(darker(background, 0.1 + range * 0.16), surface, 0.5 - range * 0.16);
    ctx.beginPath();
    ctx.moveTo(0, height);
    const step = width / (10 + range * 5);
    for (let x = 0; x <= width + step; x += step)
      ctx.lineTo(x, base - random.between(0, height * (0.2 - range * 0.035)));
    ctx.lineTo(width, height);
    ctx.fill();
  }
}

function drawSea(sheet: Sheet, { background, accent, surface }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  fillDown(sheet, [mix(background, '#4aa3df', 0.35), lighter(mix(background, accent, 0.4), 0.5), surface]);
  const horizon = height * random.between(0.42, 0.55);
  fillCircle(
    ctx,
    [width * random.between(0.25, 0.75), horizon - height * 0.09, width * 0.08],
    lighter(accent, 0.45),
  );
  const water = ctx.createLinearGradient(0, horizon, 0, height);
  water.addColorStop(0, lighter(mix(background, '#1b98c4', 0.6), 0.25));
  water.addColorStop(1, darker(mix(background, '#0b5c85', 0.6), 0.2));
  ctx.fillStyle = water;
  ctx.fillRect(0, horizon, width, height);
  for (let wave = 0; wave < 130; wave += 1) {
    const depth = random.next() ** 1.6;
    ctx.fillStyle = alpha('#ffffff', 0.06 + 0.2 * random.next());
    const length = width * (0.03 + 0.14 * depth);
    ctx.fillRect(
      random.between(-20, width),
      horizon + depth * (height - horizon),
      length,
      1 + depth * height * 0.006,
    );
  }
  ctx.fillStyle = mix('#ecd2a0', surface, 0.3);
  ctx.beginPath();
  ctx.ellipse(width * 0.3, height * 1.05, width * 0.9, height * 0.16, 0.06, 0, Math.PI * 2);
  ctx.fill();
}

function drawCity(sheet: Sheet, { background, accent }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  fillDown(sheet, [darker(background, 0.55), darker(background, 0.1), mix(background, accent, 0.6)]);
  for (let row = 0; row < 3; row += 1) {
    for (let x = -20; x < width;) {
      const towerWidth = width * random.between(0.06, 0.13);
      const top = height * (0.22 + row * 0.17 + random.between(0, 0.22));
      ctx.fillStyle = darker(background, 0.3 + row * 0.22);
      ctx.fillRect(x, top, towerWidth, height);
      const cell = Math.max(6, width * 0.016);
      for (let left = x + cell * 0.6; left < x + towerWidth - cell; left += cell) {
        for (let y = top + cell; y < height; y += cell * 1.5) {
          if (!random.chance(0.3)) continue;
          ctx.fillStyle = alpha(random.chance(0.7) ? '#ffdf9e' : accent, random.between(0.35, 0.95));
          ctx.fillRect(left, y, cell * 0.5, cell * 0.8);
        }
      }
      x += towerWidth + width * 0.008;
    }
  }
}

function drawBokeh(sheet: Sheet, { background, accent, product }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  fillDown(sheet, [
    darker(background, 0.45),
    darker(mix(background, product[0], 0.3), 0.25),
    darker(background, 0.6),
  ]);
  ctx.save();
  ctx.globalCompositeOperation = 'screen';
  for (let light = 0; light < 46; light += 1) {
    const ball = [
      random.between(0, width),
      random.between(0, height),
      width * random.between(0.012, 0.085),
    ] as const;
    const colour = random.pick([accent, product[0], product[1], '#ffe8c2']);
    fillCircle(ctx, ball, alpha(colour, random.between(0.08, 0.42)));
    ctx.lineWidth = 1.5;
    ctx.strokeStyle = alpha(lighter(colour, 0.4), 0.25);
    ctx.stroke();
  }
  ctx.restore();
}

function drawWood(sheet: Sheet, { background }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  const tone = mix('#a9744a', background, 0.25);
  const planks = random.int(4, 7);
  for (let plank = 0; plank < planks; plank += 1) {
    const top = (plank * height) / planks;
    const colour = mix(tone, random.chance(0.5) ? '#5e3a21' : '#d9ab7c', random.between(0.05, 0.35));
    ctx.fillStyle = colour;
    ctx.fillRect(0, top, width, height / planks);
    for (let grain = 0; grain < 22; grain += 1) {
      const y = top + random.between(0, height / planks);
      ctx.strokeStyle = alpha(random.chance(0.6) ? '#3d2412' : '#f1cfa4', random.between(0.06, 0.22));
      ctx.lineWidth = random.between(0.6, 2.6);
      ctx.beginPath();
      ctx.moveTo(0, y);
      ctx.bezierCurveTo(
        width * 0.3,
        y + random.between(-8, 8),
        width * 0.7,
        y + random.between(-8, 8),
        width,
        y,
      );
      ctx.stroke();
    }
    ctx.fillStyle = alpha('#1d1008', 0.55);
    ctx.fillRect(0, top, width, Math.max(1.5, height * 0.004));
  }
}

function drawRoom(sheet: Sheet, { background, surface, accent }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  fillDown(sheet, [
    mix(surface, background, 0.55),
    mix(surface, background, 0.3),
    mix(surface, background, 0.4),
  ]);
  const floor = height * 0.74;
  ctx.fillStyle = darker(mix('#b98d62', background, 0.3), 0.08);
  ctx.fillRect(0, floor, width, height - floor);
  const left = width * random.between(0.06, 0.6);
  const pane = [width * 0.3, height * 0.42] as const;
  ctx.fillStyle = lighter(mix('#cfe6f5', surface, 0.3), 0.2);
  ctx.fillRect(left, height * 0.1, pane[0], pane[1]);
  ctx.fillStyle = lighter(surface, 0.8);
  for (const share of [0, 0.48, 0.96])
    ctx.fillRect(left + pane[0] * share, height * 0.1, pane[0] * 0.04, pane[1]);
  for (const share of [0, 0.48, 0.97])
    ctx.fillRect(left, height * 0.1 + pane[1] * share, pane[0], pane[1] * 0.03);
  ctx.fillStyle = alpha('#fff6dc', 0.3);
  ctx.beginPath();
  ctx.moveTo(left, floor);
  ctx.lineTo(left + pane[0], floor);
  ctx.lineTo(left + pane[0] * 1.6, height);
  ctx.lineTo(left + pane[0] * 0.4, height);
  ctx.fill();
  ctx.fillStyle = alpha(accent, 0.5);
  ctx.fillRect(width * random.between(0.62, 0.8), height * 0.16, width * 0.13, height * 0.16);
}

function drawLeaves(sheet: Sheet, { background, product }: Palette, random: Random): void {
  const { ctx, width, height } = sheet;
  const green = mix('#2f6b3c', background, 0.25);
  fillDown(sheet, [darker(green, 0.5), darker(green, 0.25), darker(green, 0.55)]);
  for (let leaf = 0; leaf < 120; leaf += 1) {
    const near = leaf / 120;
    ctx.save();
    ctx.translate(random.between(0, width), random.between(0, height));
    ctx.rotate(random.between(0, Math.PI * 2));
    const size = width * (0.05 + 0.09 * near);
    ctx.fillStyle = mix(
      darker(green, 0.45 - 0.4 * near),
      random.chance(0.12) ? product[0] : '#9ccc65',
      random.between(0, 0.3),
    );
    ctx.beginPath();
    ctx.moveTo(0, -size);
    ctx.quadraticCurveTo(size * 0.62, 0, 0, size);
    ctx.quadraticCurveTo(-size * 0.62, 0, 0, -size);
    ctx.fill();
    ctx.strokeStyle = alpha('#e6f4c8', 0.22);
    ctx.lineWidth = 1;
    ctx.beginPath();
    ctx.moveTo(0, -size * 0.9);
    ctx.lineTo(0, size * 0.9);
    ctx.stroke();
    ctx.restore();
  }
}
