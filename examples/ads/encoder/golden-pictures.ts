import { DESCRIPTOR } from './descriptor.ts';

type Colour = readonly [red: number, green: number, blue: number];

/** Synthetic pictures as RGB bytes, [256 × 256 × 3]: flat, stripes of every angle and width, round shapes, blocks. */
export function goldenPictures(): { readonly name: string; readonly rgb: Uint8Array }[] {
  return [
    { name: 'flat', rgb: paint(() => [200, 120, 40]) },
    { name: 'stripes', rgb: paint(stripes) },
    { name: 'discs', rgb: paint(discs) },
    { name: 'blocks', rgb: paint(blocks) },
  ];
}

function paint(colourAt: (x: number, y: number) => Colour): Uint8Array {
  const { side } = DESCRIPTOR;
  const rgb = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) for (let x = 0; x < side; x++) rgb.set(colourAt(x, y), (y * side + x) * 3);
  return rgb;
}

/** Every cell of the grid has its own angle and width of stripes. */
function stripes(x: number, y: number): Colour {
  const cell = Math.floor(x / 64) + 4 * Math.floor(y / 64);
  const angle = (Math.PI * cell) / 16;
  const bright = Math.sin(((x * Math.cos(angle) + y * Math.sin(angle)) * Math.PI) / (2 + cell)) > 0;
  return bright ? [250, 240 - 8 * cell, 230] : [20, 30, 10 * cell];
}

function discs(x: number, y: number): Colour {
  if (Math.hypot(x - 90, y - 100) < 60) return [230, 30, 60];
  if (Math.hypot(x - 190, y - 170) < 45) return [20, 90, 220];
  return [y, 255 - y, 128];
}

/** Colours of 8 × 8 blocks by a linear congruential generator (Numerical Recipes). */
function blocks(x: number, y: number): Colour {
  let state = Math.floor(x / 8) + 32 * Math.floor(y / 8) + 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  };
  next();
  return [next(), next(), next()];
}
