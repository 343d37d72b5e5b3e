const FILL = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
const COEFFICIENTS = 64;
const NOT_YET = 0xff;
/** SOF0, SOF1, SOF2 and, with arithmetic coding, SOF9 and SOF10: the ones that decoders read. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2, 0xc9, 0xca]);
const PROGRESSIVE: ReadonlySet<number> = new Set([0xc2, 0xca]);
/** Markers that no length follows: stuffed bytes, TEM, restarts, start of image. */
const standsAlone = (marker: number): boolean => marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);

export interface JpegScans {
  /** Number of passes that the decoder will make over all pixels; counting stops above the limit. */
  readonly count: number;
  /** False when the file ends properly, but lacks a component or some of its bits. */
  readonly complete: boolean;
}

/** For each coefficient of a component, the lowest bit seen so far. */
type Progress = Map<number, Uint8Array>;

/**
 * Counts the scans of a JPEG from its markers alone. Pictures inside segments (thumbnails) are skipped. A typical
 * file has one scan, and its pixels are skipped too.
 */
export function readScans(jpeg: Buffer, limit: number): JpegScans {
  let progress: Progress = new Map();
  let progressive = false;
  let count = 0;
  for (let at = jpeg.indexOf(FILL, 2); at >= 0 && at + 4 < jpeg.length; at = jpeg.indexOf(FILL, at)) {
    const marker = jpeg[at + 1] as number;
    if (marker === END_OF_IMAGE || count > limit) break;
    if (marker === FILL) at += 1;
    else if (standsAlone(marker)) at += 2;
    else {
      const segment = jpeg.subarray(at + 4, at + 2 + jpeg.readUInt16BE(at + 2));
      if (FRAMES.has(marker)) {
        progressive = PROGRESSIVE.has(marker);
        progress = begin(segment);
      } else if (marker === START_OF_SCAN) {
        count++;
        advance(progress, segment, progressive);
        // The decoder stops here.
        if (!progressive && segment[0] === progress.size) break;
      }
      at += 4 + segment.length;
    }
  }
  return { count, complete: [...progress.values()].every((bits) => bits.every((lowest) => lowest === 0)) };
}

function begin(frame: Buffer): Progress {
  const progress: Progress = new Map();
  for (let at = 6; at + 3 <= frame.length; at += 3)
    progress.set(frame[at] as number, new Uint8Array(COEFFICIENTS).fill(NOT_YET));
  return progress;
}

function advance(progress: Progress, scan: Buffer, progressive: boolean): void {
  const components = scan[0] ?? 0;
  const [first = 0, last = 0, approximation = 0] = scan.subarray(1 + 2 * components);
  for (let at = 0; at < components; at++) {
    const bits = progress.get(scan[1 + 2 * at] ?? NOT_YET);
    if (progressive) bits?.fill(approximation & 0xf, first, last + 1);
    else bits?.fill(0);
  }
}
