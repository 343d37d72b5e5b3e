import type { DrawProduct } from './product.ts';
import { darker, lighter, mix } from '../colour.ts';
import {
  ballShade,
  fallShade,
  fillCircle,
  fillPath,
  fillRounded,
  roundShade,
  strokePath,
} from './shading.ts';

export const drawHeadphones: DrawProduct = (ctx, main, second) => {
  strokePath(ctx, 'M18 60 C14 -2 86 -2 82 60', darker(main, 0.25), 8);
  strokePath(ctx, 'M19 52 C18 2 82 2 81 52', lighter(main, 0.25), 3);
  for (const [x, tilt] of [
    [19, -0.1],
    [81, 0.1],
  ] as const) {
    ctx.save();
    ctx.translate(x, 70);
    ctx.rotate(tilt);
    fillRounded(ctx, [x < 50 ? 2 : -12, -21, 10, 42, 5], darker(second, 0.55));
    fillRounded(ctx, [-11, -25, 22, 50, 11], roundShade(ctx, main, -12, 12));
    fillRounded(ctx, [-6, -16, 12, 32, 6], fallShade(ctx, second, -16, 16));
    fillCircle(ctx, [0, 10, 1.6], lighter(second, 0.7));
    ctx.restore();
  }
};

export const drawPhone: DrawProduct = (ctx, main, second) => {
  fillRounded(ctx, [27, 2, 46, 94, 8], roundShade(ctx, darker(main, 0.2), 26, 74));
  fillRounded(ctx, [29.5, 5, 41, 88, 6], fallShade(ctx, lighter(main, 0.88), 5, 93));
  fillRounded(ctx, [43, 8, 14, 3, 1.5], '#111418');
  fillRounded(ctx, [33, 16, 34, 22, 4], fallShade(ctx, second, 10, 44));
  fillRounded(ctx, [36, 20, 16, 2.4, 1], lighter(second, 0.75));
  fillRounded(ctx, [36, 26, 24, 5, 1], lighter(second, 0.9));
  [12, 20, 9, 24, 16, 27].forEach((height, bar) =>
    fillRounded(
      ctx,
      [34 + bar * 5.6, 70 - height * 0.9, 3.8, height * 0.9, 1],
      bar % 2 ? second : mix(second, main, 0.5),
    ),
  );
  for (const y of [75, 81]) {
    fillCircle(ctx, [36, y + 1.5, 2], second);
    fillRounded(ctx, [40, y, 18, 2, 1], mix(main, '#ffffff', 0.5));
    fillRounded(ctx, [61, y, 6, 2, 1], main);
  }
  fillRounded(ctx, [42, 89, 16, 1.4, 0.7], '#111418');
};

export const drawBook: DrawProduct = (ctx, main, second) => {
  fillPath(ctx, 'M24 10 L74 4 L84 10 L84 92 L34 96 L24 90 Z', '#e9e2d2');
  for (const inset of [0, 1.5, 3, 4.5])
    strokePath(ctx, `M${34 + inset} ${95 - inset} L${84 - inset * 0.2} ${91.4 - inset}`, '#c9bfa8', 0.5);
  fillPath(ctx, 'M20 8 L70 2 L74 4 L74 86 L24 92 Q20 92 20 88 Z', roundShade(ctx, main, 10, 84));
  fillPath(ctx, 'M20 8 L26 7.2 L26 91.6 L24 92 Q20 92 20 88 Z', darker(main, 0.35));
  fillCircle(ctx, [50, 40, 14], ballShade(ctx, second, [50, 40, 14]));
  fillPath(ctx, 'M26 66 Q38 48 50 60 Q62 46 74 58 L74 86 L26 91.6 Z', mix(second, main, 0.35));
  fillPath(ctx, 'M26 76 Q42 62 54 72 Q66 66 74 70 L74 86 L26 91.6 Z', darker(second, 0.25));
  fillRounded(ctx, [33, 13, 32, 3, 1], lighter(main, 0.75));
  fillRounded(ctx, [38, 19, 22, 2, 1], lighter(main, 0.55));
};

export const drawGamepad: DrawProduct = (ctx, main, second) => {
  fillPath(
    ctx,
    'M24 34 Q50 28 76 34 Q90 38 95 68 Q97 86 86 87 Q78 87 71 74 Q50 68 29 74 Q22 87 14 87 Q3 86 5 68 Q10 38 24 34 Z',
    fallShade(ctx, main, 30, 90),
  );
  fillPath(ctx, 'M30 36 Q50 31 70 36 Q66 44 50 44 Q34 44 30 36 Z', darker(main, 0.3));
  fillRounded(ctx, [23, 42, 6, 18, 1.5], '#23272e');
  fillRounded(ctx, [17, 48, 18, 6, 1.5], '#23272e');
  [
    [74, 42, '#ef476f'],
    [81, 50, '#ffd166'],
    [67, 50, '#06d6a0'],
    [74, 58, '#118ab2'],
  ].forEach(([x, y, colour]) => {
    const ball = [Number(x), Number(y), 4] as const;
    fillCircle(ctx, ball, ballShade(ctx, String(colour), ball));
  });
  for (const x of [39, 61]) {
    fillCircle(ctx, [x, 62, 8], '#1b1e24');
    fillCircle(ctx, [x, 61, 6], ballShade(ctx, second, [x, 61, 6]));
  }
  fillCircle(ctx, [50, 50, 3], lighter(second, 0.4));
};
