const QUOTE = 0x22;
const NEWLINE = 0x0a;

export interface CsvPiece {
  readonly bytes: readonly Buffer[];
  readonly rows: number;
}

export interface CutCsvOptions {
  readonly maxRows: number;
  /** A piece ends with the record that reaches it. */
  readonly maxBytes: number;
}

/** Cuts a stream of CSV without a header between records; a quoted value may hold newlines. */
export async function* cutCsv(
  csv: AsyncIterable<Buffer | string>,
  { maxRows, maxBytes }: CutCsvOptions,
): AsyncGenerator<CsvPiece> {
  const records: Records = { rows: 0, isQuoted: false };
  let bytes: Buffer[] = [];
  let sizeBytes = 0;
  for await (const given of csv) {
    let rest = typeof given === 'string' ? Buffer.from(given) : given;
    while (rest.length > 0) {
      const end = skipRecords(rest, records, { rows: maxRows, from: maxBytes - sizeBytes });
      bytes.push(rest.subarray(0, end));
      sizeBytes += end;
      rest = rest.subarray(end);
      if (records.isQuoted || bytes.at(-1)?.at(-1) !== NEWLINE) continue;
      if (records.rows < maxRows && sizeBytes < maxBytes) continue;
      yield { bytes, rows: records.rows };
      [bytes, sizeBytes, records.rows] = [[], 0, 0];
    }
  }
  if (bytes.length === 0) return;
  // The last record may lack its newline.
  const isOpen = bytes.at(-1)?.at(-1) !== NEWLINE;
  yield { bytes, rows: records.rows + (isOpen ? 1 : 0) };
}

interface Records {
  /** Complete ones. */
  rows: number;
  isQuoted: boolean;
}

/**
 * Hot path: every byte of a spine; a loop inside the generator would not be compiled. Counts records until there are
 * `until.rows`, or until the first that ends at `until.from` or later. @returns where it stopped, which is a record's end or the end
 */
function skipRecords(
  bytes: Buffer,
  records: Records,
  until: { readonly rows: number; readonly from: number },
): number {
  let { rows, isQuoted } = records;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at++];
    // A quote inside a quoted value is doubled, so it changes the state twice.
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (byte === NEWLINE && !isQuoted) {
      rows++;
      if (rows >= until.rows || at >= until.from) break;
    }
  }
  records.rows = rows;
  records.isQuoted = isQuoted;
  return at;
}
