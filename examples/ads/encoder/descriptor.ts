/**
 * Gabor-energy GIST with colour: how much of each orientation at each scale a picture has in each cell of a 4 × 4 grid
 * (A. Oliva, A. Torralba, "Modeling the Shape of the Scene", IJCV 42(3), 2001), and the mean of two opponent colours there.
 *
 * 5 scales × 6 orientations × 16 cells = 480 energies, then 2 colours × 16 cells = 32: 512 floats, scale by scale,
 * orientation by orientation, cell by cell in rows. Brightness is left out because it is a separate feature.
 */
export const DESCRIPTOR = {
  /** Side of the input in pixels, RGB from 0 to 1. */
  side: 256,
  /** Side of the grid in cells. */
  grid: 4,
  orientations: 6,
  /** Octaves: each halves the picture (mean of 2 × 2) and applies the same kernels. */
  scales: 5,
  /** Pixels of the halved picture. */
  wavelength: 4,
  /** Standard deviation of the Gaussian envelope in pixels: half a wave, about one octave of bandwidth. */
  sigma: 2,
  /** Kernels reach three standard deviations: 13 × 13. */
  radius: 6,
  /** Rec. 601 luma, of gamma-encoded values. */
  luma: [0.299, 0.587, 0.114],
  /** Red against green, and yellow against blue. */
  opponents: [
    [1, -1, 0],
    [0.5, 0.5, -1],
  ],
  /** Energies become log(1 + gain × energy) / log(1 + gain): faint texture counts, and strong contrast does not drown it out. */
  gain: 40,
  length: 512,
} as const;
