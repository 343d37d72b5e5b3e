import type { DrawProduct } from './product.ts';
import { darker, lighter, mix } from '../colour.ts';
import { fallShade, fillCircle, fillPath, fillRounded, roundShade, strokePath } from './shading.ts';

export const drawSuitcase: DrawProduct = (ctx, main, second) => {
  strokePath(ctx, 'M38 22 L38 5 L62 5 L62 22', '#8d99a6', 3.4);
  fillRounded(ctx, [18, 18, 64, 72, 9], roundShade(ctx, main, 18, 82));
  for (const x of [28, 39, 50, 61, 72]) fillRounded(ctx, [x - 1.6, 24, 3.2, 60, 1.6], darker(main, 0.22));
  fillRounded(ctx, [18, 50, 64, 5, 0], darker(main, 0.42));
  fillRounded(ctx, [42, 44, 16, 16, 3], roundShade(ctx, second, 42, 58));
  fillCircle(ctx, [50, 52, 2.4], lighter(second, 0.6));
  for (const [x, y] of [
    [18, 18],
    [72, 18],
    [18, 80],
    [72, 80],
  ] as const)
    fillRounded(ctx, [x, y, 10, 10, 4], darker(second, 0.15));
  for (const x of [28, 72]) fillCircle(ctx, [x, 93, 4], '#20242b');
};

export const drawSneaker: DrawProduct = (ctx, main, second) => {
  fillPath(
    ctx,
    'M6 78 Q6 64 10 52 Q12 38 20 34 Q26 46 36 44 L46 30 Q54 36 58 44 Q70 60 90 64 Q98 67 97 78 Z',
    fallShade(ctx, main, 30, 80),
  );
  fillPath(ctx, 'M6 78 Q6 64 10 52 Q12 38 20 34 Q22 40 25 42 Q20 58 24 78 Z', darker(main, 0.14));
  fillPath(ctx, 'M72 78 Q74 64 84 62.5 Q98 65 97 78 Z', darker(main, 0.1));
  fillPath(ctx, 'M24 74 Q46 72 60 50 Q64 54 66 56 Q52 78 30 78 Z', second);
  for (const [x, y] of [
    [44, 36],
    [49, 41],
    [54, 46],
    [59, 51],
  ] as const)
    strokePath(ctx, `M${x} ${y} l-8 6`, lighter(second, 0.75), 2.4);
  strokePath(ctx, 'M20 34 Q26 46 36 44 L46 30', darker(main, 0.5), 1.4);
  fillPath(
    ctx,
    'M3 80 Q4 75 10 76 L92 76 Q99 76 98 82 Q97 91 86 92 L14 92 Q4 92 3 80 Z',
    fallShade(ctx, '#f6f6f4', 74, 94),
  );
  fillPath(ctx, 'M6 88 L94 88 Q90 93 86 93 L14 93 Q8 93 6 88 Z', mix(second, '#30343b', 0.4));
};

export const drawBicycle: DrawProduct = (ctx, main, second) => {
  for (const x of [21, 79]) {
    strokePath(ctx, circle(x, 76, 18), '#23272e', 3.4);
    strokePath(ctx, circle(x, 76, 15.4), mix(second, '#c9ced6', 0.6), 1.2);
    for (let spoke = 0; spoke < 10; spoke += 1) {
      const angle = (spoke * Math.PI) / 5;
      strokePath(
        ctx,
        `M${x} 76 l${(15 * Math.cos(angle)).toFixed(2)} ${(15 * Math.sin(angle)).toFixed(2)}`,
        '#9aa3ad',
        0.5,
      );
    }
    fillCircle(ctx, [x, 76, 2.4], '#3a4048');
  }
  strokePath(ctx, 'M21 76 L38 46 L68 44 L47 76 Z M38 46 L47 76 M21 76 L47 76', main, 3.8);
  strokePath(ctx, 'M79 76 L66 36', darker(main, 0.18), 3.8);
  strokePath(ctx, 'M38 46 L36 38', '#4a515b', 3);
  fillPath(ctx, 'M26 36 Q36 32 46 36 Q38 40 30 40 Z', second);
  strokePath(ctx, 'M66 36 L64 31 L74 29 Q80 29 79 35', '#343a43', 3);
  fillCircle(ctx, [47, 76, 5.4], darker(second, 0.1));
  strokePath(ctx, 'M47 76 L52 85 M49 86 L57 85', '#343a43', 2.2);
};

function circle(x: number, y: number, radius: number): string {
  return `M${x - radius} ${y} a${radius} ${radius} 0 1 0 ${2 * radius} 0 a${radius} ${radius} 0 1 0 ${-2 * radius} 0`;
}
