/** Bits of entropy-coded data, padded with ones, and with a 0 after each 255. */
class BitWriter {
  readonly bytes: number[] = [];
  private held = 0;
  private count = 0;

  put(value: number, width: number): void {
    for (let bit = width - 1; bit >= 0; bit--) {
      this.held = (this.held << 1) | ((value >> bit) & 1);
      if (++this.count === 8) this.flushByte();
    }
  }

  align(): void {
    while (this.count > 0) this.put(1, 1);
  }

  private flushByte(): void {
    this.bytes.push(this.held);
    if (this.held === 0xff) this.bytes.push(0);
    this.held = 0;
    this.count = 0;
  }
}

function segment(marker: number, ...data: number[]): Buffer {
  return Buffer.from([0xff, marker, (data.length + 2) >> 8, (data.length + 2) & 255, ...data]);
}

/** `count` symbols of four bits each. */
function huffman(tableClass: 0 | 1, symbols: readonly number[]): Buffer {
  const lengths = Array.from({ length: 16 }, (_, at) => (at === 3 ? symbols.length : 0));
  return segment(0xc4, tableClass << 4, ...lengths, ...symbols);
}

const SOI = Buffer.of(0xff, 0xd8);
const EOI = Buffer.of(0xff, 0xd9);
/** Positions of a plain `EOB` and of the runs of 2^n blocks and more in the table of the progressive scans. */
const END_OF_BLOCK_RUNS = Array.from({ length: 15 }, (_, at) => at << 4);

function frame(marker: number, side: number): Buffer {
  const components = [1, 2, 3].flatMap((id) => [id, 0x11, 0]);
  return segment(marker, 8, side >> 8, side & 255, side >> 8, side & 255, 3, ...components);
}

const quantization = segment(0xdb, 0, ...Array<number>(64).fill(1));

/** A baseline JPEG of grey pixels with a restart marker after every `restartBlocks` blocks (a block: 8 × 8 pixels). */
export function greyJpeg(side: number, restartBlocks: number): Buffer {
  const blocks = Math.ceil(side / 8) ** 2;
  const parts = [
    SOI,
    quantization,
    frame(0xc0, side),
    huffman(0, [0]),
    huffman(1, [0]),
    segment(0xdd, restartBlocks >> 8, restartBlocks & 255),
    segment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, 63, 0),
  ];
  for (let block = 0, restarts = 0; block < blocks; block += restartBlocks) {
    const bits = new BitWriter();
    // of three components a difference of zero and the end of the block
    for (let at = 0; at < Math.min(restartBlocks, blocks - block) * 3; at++) bits.put(0, 8);
    bits.align();
    if (block > 0) parts.push(Buffer.of(0xff, 0xd0 + (restarts++ & 7)));
    parts.push(Buffer.from(bits.bytes));
  }
  return Buffer.concat([...parts, EOI]);
}

interface Band {
  readonly component: number;
  readonly first: number;
  readonly last: number;
  /** Coefficients scanned once, then refined for so many bits. */
  readonly bits: number;
}

/** Splits all coefficients of all components into `scans` scans, 3 to 2,646. */
function bands(scans: number): Band[] {
  let extra = scans - 3;
  const take = (most: number): number => {
    const taken = Math.min(most, extra);
    extra -= taken;
    return taken;
  };
  return [1, 2, 3].flatMap((component) => {
    const found: Band[] = [];
    let first = 1;
    for (; first < 63 && take(1) === 1; first++)
      found.push({ component, first, last: first, bits: take(13) });
    found.push({ component, first, last: 63, bits: take(13) });
    return found;
  });
}

/**
 * A valid progressive JPEG of grey pixels in `scans` scans, 4 to 2,647: at most, each bit of each coefficient has a scan of its own.
 * A scan is about a hundred bytes, and decoders pass over the whole picture for it.
 */
export function manyScansJpeg(side: number, scans: number): Buffer {
  const blocks = Math.ceil(side / 8) ** 2;
  const dc = new BitWriter();
  for (let at = 0; at < blocks * 3; at++) dc.put(0, 4);
  dc.align();
  const runs = new BitWriter();
  for (let left = blocks; left > 0;) {
    const width = Math.min(14, Math.floor(Math.log2(left)));
    const run = Math.min(left, 2 ** (width + 1) - 1);
    runs.put(width, 4);
    runs.put(run - 2 ** width, width);
    left -= run;
  }
  runs.align();
  const parts = [
    SOI,
    quantization,
    frame(0xc2, side),
    huffman(0, [0]),
    huffman(1, END_OF_BLOCK_RUNS),
    segment(0xda, 3, 1, 0, 2, 0, 3, 0, 0, 0, 0),
    Buffer.from(dc.bytes),
  ];
  for (const { component, first, last, bits } of bands(scans - 1)) {
    for (let low = bits; low >= 0; low--) {
      const high = low === bits ? 0 : low + 1;
      parts.push(segment(0xda, 1, component, 0, first, last, (high << 4) | low), Buffer.from(runs.bytes));
    }
  }
  return Buffer.concat([...parts, EOI]);
}
