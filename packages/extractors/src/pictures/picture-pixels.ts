export interface PictureStatistics {
  /** Mean Rec. 601 luma of the gamma-encoded pixels, 0 to 1. */
  readonly brightness: number;
  /** From 0 for grey to about 110. */
  readonly colourfulness: number;
}

/** Normalization of the encoder's input: (value / 255 − mean) / std for each colour. */
export interface PixelScale {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

/** For each colour and byte, the float that the encoder sees. */
export function compilePixelScale({ mean, std }: PixelScale): Float32Array {
  return Float32Array.from({ length: 3 * 256 }, (_, index) => {
    const colour = index >> 8;
    return ((index & 255) / 255 - (mean[colour] as number)) / (std[colour] as number);
  });
}

/** RGB bytes pixel by pixel → `target`, floats colour by colour, as convolutions expect. */
export function writePixels(rgb: Uint8Array, scale: Float32Array, target: Float32Array): void {
  const area = rgb.length / 3;
  for (let pixel = 0, at = 0; pixel < area; pixel++, at += 3) {
    target[pixel] = scale[rgb[at] as number] as number;
    target[area + pixel] = scale[256 + (rgb[at + 1] as number)] as number;
    target[2 * area + pixel] = scale[512 + (rgb[at + 2] as number)] as number;
  }
}

/**
 * Brightness and colourfulness √(σrg² + σyb²) + 0.3 √(μrg² + μyb²) of RGB bytes (D. Hasler, S. Süsstrunk,
 * "Measuring colourfulness in natural images", Proc. SPIE 5007, 2003).
 */
export function pictureStatistics(rgb: Uint8Array): PictureStatistics {
  // Sums of integers (rg = R − G, yb = R + G − 2B, twice the paper's) stay exact.
  let luma = 0;
  let sumRg = 0;
  let sumYb = 0;
  let squaresRg = 0;
  let squaresYb = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    const red = rgb[at] as number;
    const green = rgb[at + 1] as number;
    const blue = rgb[at + 2] as number;
    luma += 299 * red + 587 * green + 114 * blue;
    const rg = red - green;
    const yb = red + green - 2 * blue;
    sumRg += rg;
    sumYb += yb;
    squaresRg += rg * rg;
    squaresYb += yb * yb;
  }
  const area = rgb.length / 3;
  const meanRg = sumRg / area;
  const meanYb = sumYb / (2 * area);
  const variances = squaresRg / area - meanRg ** 2 + squaresYb / (4 * area) - meanYb ** 2;
  return {
    brightness: luma / (area * 255_000),
    colourfulness: Math.sqrt(Math.max(0, variances)) + 0.3 * Math.hypot(meanRg, meanYb),
  };
}
