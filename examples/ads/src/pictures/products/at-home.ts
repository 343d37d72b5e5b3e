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

export const drawCup: DrawProduct = (ctx, main, second) => {
  strokePath(ctx, 'M72 48 C94 44 94 76 68 76', darker(main, 0.15), 7);
  fillPath(ctx, 'M18 36 L78 36 L72 84 Q70 92 60 92 L36 92 Q26 92 24 84 Z', roundShade(ctx, main, 18, 78));
  fillPath(ctx, 'M21 58 L75 58 L73 74 L23 74 Z', roundShade(ctx, second, 18, 78));
  fillPath(ctx, 'M18 36 A30 8 0 0 1 78 36 A30 8 0 0 1 18 36 Z', darker(main, 0.12));
  fillPath(ctx, 'M23 37 A25 6 0 0 1 73 37 A25 6 0 0 1 23 37 Z', '#3a1f12');
  fillPath(ctx, 'M34 37 A12 3 0 0 1 60 36 A14 3 0 0 1 34 37 Z', '#c99a6b');
  for (const x of [38, 50, 62])
    strokePath(ctx, `M${x} 28 C${x - 7} 20 ${x + 7} 14 ${x} 5`, 'rgba(255,255,255,0.55)', 2.4);
};

export const drawBottle: DrawProduct = (ctx, main, second) => {
  fillRounded(ctx, [42, 4, 16, 20, 3], roundShade(ctx, darker(second, 0.2), 42, 58));
  fillRounded(ctx, [39, 22, 22, 8, 2], roundShade(ctx, second, 39, 61));
  fillPath(
    ctx,
    'M40 30 L60 30 Q74 36 74 50 L74 88 Q74 96 66 96 L34 96 Q26 96 26 88 L26 50 Q26 36 40 30 Z',
    roundShade(ctx, main, 26, 74),
  );
  fillRounded(ctx, [31, 52, 38, 28, 2], lighter(main, 0.78));
  fillRounded(ctx, [36, 58, 28, 3, 1], second);
  fillRounded(ctx, [36, 65, 20, 2, 1], mix(second, main, 0.5));
  fillRounded(ctx, [36, 70, 24, 2, 1], mix(second, main, 0.5));
  fillRounded(ctx, [31, 40, 4, 52, 2], 'rgba(255,255,255,0.45)');
};

export const drawPlant: DrawProduct = (ctx, main, second) => {
  const leaf = (path: string, shade: number): void =>
    fillPath(ctx, path, fallShade(ctx, darker(second, shade), 4, 66));
  leaf('M50 66 C20 60 6 40 8 20 C30 24 48 42 50 66 Z', 0.18);
  leaf('M50 66 C80 60 94 42 93 18 C72 22 52 42 50 66 Z', 0.26);
  leaf('M50 66 C34 46 34 18 50 3 C66 18 66 46 50 66 Z', 0);
  leaf('M50 66 C30 68 14 60 4 48 C24 42 42 50 50 66 Z', 0.06);
  leaf('M50 66 C70 68 86 60 96 47 C78 42 60 50 50 66 Z', 0.12);
  for (const path of ['M50 64 L50 10', 'M50 64 L16 26', 'M50 64 L86 25'])
    strokePath(ctx, path, lighter(second, 0.35), 0.9);
  fillPath(ctx, 'M30 66 L70 66 L65 94 Q64 96 61 96 L39 96 Q36 96 35 94 Z', roundShade(ctx, main, 30, 70));
  fillRounded(ctx, [27, 62, 46, 9, 2], roundShade(ctx, lighter(main, 0.12), 27, 73));
};

export const drawArmchair: DrawProduct = (ctx, main, second) => {
  for (const path of ['M28 80 L22 96', 'M72 80 L78 96', 'M38 82 L36 94', 'M62 82 L64 94'])
    strokePath(ctx, path, second, 4);
  fillRounded(ctx, [22, 10, 56, 62, 16], fallShade(ctx, darker(main, 0.1), 10, 72));
  fillRounded(ctx, [28, 16, 44, 46, 12], fallShade(ctx, main, 8, 64));
  for (const [x, y] of [
    [40, 30],
    [60, 30],
    [50, 40],
    [40, 50],
    [60, 50],
  ] as const)
    fillCircle(ctx, [x, y, 1.4], darker(main, 0.45));
  fillRounded(ctx, [20, 58, 60, 18, 7], fallShade(ctx, lighter(main, 0.1), 56, 80));
  fillRounded(ctx, [10, 42, 16, 42, 8], roundShade(ctx, main, 8, 28));
  fillRounded(ctx, [74, 42, 16, 42, 8], roundShade(ctx, main, 72, 92));
  fillRounded(ctx, [52, 38, 24, 24, 5], fallShade(ctx, lighter(second, 0.45), 36, 64));
};

export const drawFruit: DrawProduct = (ctx, main, second) => {
  const fruit = (x: number, y: number, radius: number, colour: string): void => {
    fillCircle(ctx, [x, y, radius], ballShade(ctx, colour, [x, y, radius]));
    strokePath(ctx, `M${x} ${y - radius + 2} q1 -5 4 -7`, '#5b3a1e', 1.8);
  };
  fruit(34, 38, 17, main);
  fruit(66, 36, 18, second);
  fruit(50, 50, 19, mix(main, '#7cb518', 0.65));
  fruit(24, 56, 14, second);
  fruit(77, 56, 15, main);
  fillPath(ctx, 'M56 22 C62 8 78 10 82 14 C76 24 64 26 56 22 Z', '#4f8a3a');
  fillPath(ctx, 'M8 60 L92 60 L84 92 Q83 96 78 96 L22 96 Q17 96 16 92 Z', roundShade(ctx, '#c08a54', 8, 92));
  for (const y of [68, 78, 88])
    strokePath(ctx, `M${10 + (y - 60) * 0.26} ${y} L${90 - (y - 60) * 0.26} ${y}`, '#8a5a2e', 1.6);
  for (const x of [26, 42, 58, 74]) strokePath(ctx, `M${x} 61 L${50 + (x - 50) * 0.82} 95`, '#9c6a3a', 1.4);
};
