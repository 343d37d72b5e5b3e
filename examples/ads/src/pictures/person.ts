import type { SKRSContext2D } from '@napi-rs/canvas';
import type { Random } from '../random.ts';
import { alpha, darker, lighter, mix, type Colour } from './colour.ts';
import { fallShade, fillCircle, fillPath, roundShade, strokePath } from './products/shading.ts';

const SKIN = ['#f2c9a6', '#e3ab80', '#c98958', '#9c6238', '#6f4326', '#f6d7bf'] as const;
const HAIR = ['#2a1a12', '#4a2c17', '#7a4a22', '#c18a3d', '#16161a', '#8c8c8c', '#a3402a'] as const;

/** Draws a smiling person, head and shoulders, into the square 0..100 at (x, y). */
export function drawPerson(
  ctx: SKRSContext2D,
  place: { readonly x: number; readonly y: number; readonly sizePx: number; readonly clothes: Colour },
  random: Random,
): void {
  const skin = random.pick(SKIN);
  const hair = random.pick(HAIR);
  const longHair = random.chance(0.5);
  ctx.save();
  ctx.translate(place.x - place.sizePx / 2, place.y - place.sizePx / 2);
  ctx.scale(place.sizePx / 100, place.sizePx / 100);
  ctx.lineCap = 'round';
  if (longHair)
    fillPath(
      ctx,
      'M26 34 C24 2 76 2 74 34 C80 54 78 70 74 78 L26 78 C22 70 20 54 26 34 Z',
      fallShade(ctx, darker(hair, 0.1), 5, 80),
    );
  fillPath(
    ctx,
    'M2 100 C4 80 22 74 38 71 L62 71 C78 74 96 80 98 100 Z',
    roundShade(ctx, place.clothes, 0, 100),
  );
  fillPath(ctx, 'M40 58 L60 58 L61 72 Q50 83 39 72 Z', darker(skin, 0.16));
  fillPath(ctx, 'M36 72 Q50 88 64 72 L68 75 Q50 95 32 75 Z', lighter(place.clothes, 0.4));
  fillPath(
    ctx,
    'M29 36 C29 10 71 10 71 36 C71 54 62 67 50 67 C38 67 29 54 29 36 Z',
    roundShade(ctx, skin, 14, 86),
  );
  for (const x of [28.5, 71.5]) fillCircle(ctx, [x, 41, 4], mix(skin, '#8a3b1e', 0.18));
  const fringe = random.pick([
    'M27 36 C22 2 78 2 73 36 C70 26 66 22 60 20 C50 27 36 24 31 28 Z',
    'M27 37 C20 4 80 4 73 37 C71 28 67 24 62 22 C54 20 44 20 38 22 C32 24 29 29 27 37 Z',
    'M27 35 C24 4 76 2 73 36 C70 30 66 27 62 20 C54 25 42 25 33 22 C30 26 29 30 27 35 Z',
  ]);
  fillPath(ctx, fringe, fallShade(ctx, hair, 4, 40));
  for (const x of [41, 59]) {
    fillPath(ctx, `M${x - 5} 40 Q${x} 35.6 ${x + 5} 40 Q${x} 43.6 ${x - 5} 40 Z`, '#fdfdfb');
    fillCircle(ctx, [x, 39.8, 2.3], '#33241a');
    fillCircle(ctx, [x + 0.8, 39, 0.7], '#ffffff');
    strokePath(ctx, `M${x - 5.4} 33.8 Q${x} 30.8 ${x + 5.4} 33.6`, darker(hair, 0.1), 1.5);
    fillCircle(ctx, [x + (x < 50 ? -3 : 3), 49, 4], alpha('#e2574c', 0.2));
  }
  strokePath(ctx, 'M50 41 Q47.6 47 48.6 49 Q50 50 51.6 49.2', darker(skin, 0.28), 1.1);
  fillPath(ctx, 'M41.5 54.5 Q50 57 58.5 54.5 Q56 62.4 50 62.4 Q44 62.4 41.5 54.5 Z', '#8e2f2b');
  fillPath(ctx, 'M42.6 55 Q50 57.4 57.4 55 Q56 58.6 50 58.8 Q44 58.6 42.6 55 Z', '#ffffff');
  if (random.chance(0.25))
    for (const x of [41, 59])
      strokePath(ctx, `M${x - 7} 40 a7 6.4 0 1 0 14 0 a7 6.4 0 1 0 -14 0`, '#22262c', 1.1);
  ctx.restore();
}
