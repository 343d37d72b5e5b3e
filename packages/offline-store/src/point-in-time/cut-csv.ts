const QUOTE = 0x22;
const NEWLINE = 0x0a;

export interface CsvPiece {
  readonly bytes: readonly Buffer[];
  readonly rows: number;
}

export interface CutCsvOptions {
  readonly maxRows: number;
  /** Exceeded by at most one incoming buffer. */
  readonly maxBytes: number;
}

/** Cuts a stream of CSV without a header between records; a quoted value may hold newlines. */
export async function* cutCsv(
  csv: AsyncIterable<Buffer | string>,
  { maxRows, maxBytes }: CutCsvOptions,
): AsyncGenerator<CsvPiece> {
  let bytes: Buffer[] = [];
  let sizeBytes = 0;
  let rows = 0;
  let isQuoted = false;
  for await (const given of csv) {
    const chunk = typeof given === 'string' ? Buffer.from(given) : given;
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      // A quote inside a quoted value is doubled, so it changes the state twice.
      if (byte === QUOTE) isQuoted = !isQuoted;
      else if (byte === NEWLINE && !isQuoted) {
        rows++;
        if (rows < maxRows && sizeBytes + at + 1 - from < maxBytes) continue;
        bytes.push(chunk.subarray(from, at + 1));
        yield { bytes, rows };
        [bytes, sizeBytes, rows, from] = [[], 0, 0, at + 1];
      }
    }
    if (from === chunk.length) continue;
    bytes.push(chunk.subarray(from));
    sizeBytes += chunk.length - from;
  }
  if (bytes.length === 0) return;
  // The last record may lack its newline.
  const isOpen = bytes.at(-1)?.at(-1) !== NEWLINE;
  yield { bytes, rows: rows + (isOpen ? 1 : 0) };
}
