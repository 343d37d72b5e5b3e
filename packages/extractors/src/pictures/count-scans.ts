const FILL = 0xff;
const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;
/** SOF0 to SOF15; DHT, JPG and DAC stand among them. */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
/** Not progressive: SOF0, SOF1 and, with arithmetic coding, SOF9. */
const isSequential = (marker: number): boolean => marker === 0xc0 || marker === 0xc1 || marker === 0xc9;
/** Without a length behind them: stuffed bytes, TEM, restarts, the beginning of an image. */
const standsAlone = (marker: number): boolean => marker <= 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/**
 * How many scans the decoder will pass over a JPEG's pixels for, read from the markers alone; counting ends above
 * `limit`. Pictures inside of segments (thumbnails) are not counted. The usual file has one scan, and its pixels are
 * not looked at.
 */
export function countScans(jpeg: Buffer, limit: number): number {
  let components = Number.NaN;
  let scans = 0;
  for (let at = jpeg.indexOf(FILL, 2); at >= 0 && at + 4 < jpeg.length; at = jpeg.indexOf(FILL, at)) {
    const marker = jpeg[at + 1] as number;
    if (marker === END_OF_IMAGE || scans > limit) return scans;
    if (marker === FILL) at += 1;
    else if (standsAlone(marker)) at += 2;
    else {
      if (marker === START_OF_SCAN) scans++;
      if (isFrame(marker)) components = isSequential(marker) ? (jpeg[at + 9] as number) : Number.NaN;
      // A sequential scan of every component is the last one that is read.
      if (marker === START_OF_SCAN && jpeg[at + 4] === components) return scans;
      at += 2 + jpeg.readUInt16BE(at + 2);
    }
  }
  return scans;
}
