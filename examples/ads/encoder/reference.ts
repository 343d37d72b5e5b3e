import { DESCRIPTOR } from './descriptor.ts';

/**
 * The descriptor in plain loops and float64, straight from its formula. The ONNX graph is checked against it, so the two
 * share no code. `pixels` is [3, 256, 256] from 0 to 1.
 */
export function describePicture(pixels: Float32Array): number[] {
  const { side, grid, orientations, scales, luma, opponents, gain } = DESCRIPTOR;
  const area = side * side;
  const at = (channel: number, y: number, x: number): number =>
    pixels[channel * area + y * side + x] as number;

  let luminance = plane(
    side,
    (y, x) => luma[0] * at(0, y, x) + luma[1] * at(1, y, x) + luma[2] * at(2, y, x),
  );
  const embedding: number[] = [];
  for (let scale = 0; scale < scales; scale++) {
    if (scale > 0) luminance = halve(luminance);
    for (let orientation = 0; orientation < orientations; orientation++) {
      const energy = gaborEnergy(luminance, (orientation * 180) / orientations);
      for (const mean of cellMeans(energy, grid))
        embedding.push(Math.log(1 + gain * mean) / Math.log(1 + gain));
    }
  }
  for (const [red, green, blue] of opponents) {
    embedding.push(
      ...cellMeans(
        plane(side, (y, x) => red * at(0, y, x) + green * at(1, y, x) + blue * at(2, y, x)),
        grid,
      ),
    );
  }
  return embedding;
}

/** A square picture of one channel, row by row. */
type Plane = readonly (readonly number[])[];

function plane(side: number, value: (y: number, x: number) => number): Plane {
  return Array.from({ length: side }, (_, y) => Array.from({ length: side }, (__, x) => value(y, x)));
}

function pixel(picture: Plane, y: number, x: number): number {
  return (picture[y] as readonly number[])[x] as number;
}

function halve(big: Plane): Plane {
  return plane(big.length / 2, (y, x) => {
    let sum = 0;
    for (const dy of [0, 1]) for (const dx of [0, 1]) sum += pixel(big, 2 * y + dy, 2 * x + dx);
    return sum / 4;
  });
}

/** |Σ g(d) (e^{iωd} − m) · I| / Σ g, with m such that a flat picture gives zero; 0 degrees responds to vertical stripes. */
function gaborEnergy(picture: Plane, degrees: number): Plane {
  const taps = gaborTaps(degrees);
  return plane(picture.length, (y, x) => {
    let [real, imaginary] = [0, 0];
    for (const tap of taps) {
      const value = pixel(picture, mirror(y + tap.dy, picture.length), mirror(x + tap.dx, picture.length));
      real += tap.real * value;
      imaginary += tap.imaginary * value;
    }
    return Math.hypot(real, imaginary);
  });
}

interface Tap {
  readonly dy: number;
  readonly dx: number;
  readonly real: number;
  readonly imaginary: number;
}

function gaborTaps(degrees: number): Tap[] {
  const { wavelength, sigma, radius } = DESCRIPTOR;
  const omega = (2 * Math.PI) / wavelength;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const gaussian = (dy: number, dx: number): number => Math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma));
  let [mass, flatAnswer] = [0, 0];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      mass += gaussian(dy, dx);
      flatAnswer += gaussian(dy, dx) * Math.cos(omega * (dx * cos + dy * sin));
    }
  }
  const taps: Tap[] = [];
  for (let dy = -radius; dy <= radius; dy++) {
    for (let dx = -radius; dx <= radius; dx++) {
      const weight = gaussian(dy, dx) / mass;
      const phase = omega * (dx * cos + dy * sin);
      taps.push({
        dy,
        dx,
        real: weight * (Math.cos(phase) - flatAnswer / mass),
        imaginary: weight * Math.sin(phase),
      });
    }
  }
  return taps;
}

/** The border pixel itself is not repeated: −1 is 1. */
function mirror(position: number, size: number): number {
  if (position < 0) return -position;
  return position < size ? position : 2 * (size - 1) - position;
}

function cellMeans(values: Plane, grid: number): number[] {
  const cell = values.length / grid;
  return Array.from({ length: grid * grid }, (_, index) => {
    let sum = 0;
    for (let y = 0; y < cell; y++) {
      for (let x = 0; x < cell; x++)
        sum += pixel(values, Math.floor(index / grid) * cell + y, (index % grid) * cell + x);
    }
    return sum / (cell * cell);
  });
}
