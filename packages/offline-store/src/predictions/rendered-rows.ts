import { PREDICTION_COLUMNS } from './render-prediction.ts';

/** Rows of `larder.predictions` in binary COPY format, without its header and trailer. */
export interface RenderedRows {
  readonly bytes: Buffer;
  readonly count: number;
}

const ENTITY_KEYS = PREDICTION_COLUMNS.split(', ').indexOf('entity_keys');
/** Length and bits of the column that every row begins with. */
const ID_START = 2 + 4;
/** Dimensions, flag for nulls, element type, and the length and lower bound of the one dimension. */
const ARRAY_HEADER_BYTES = 20;

/** Id of the first row. */
export function firstPredictionId({ bytes }: RenderedRows): string {
  const hex = bytes.toString('hex', ID_START, ID_START + 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Two halves that share the memory of the rows. */
export function halves({ bytes, count }: RenderedRows): [RenderedRows, RenderedRows] {
  const first = Math.ceil(count / 2);
  let at = 0;
  for (let row = 0; row < first; row++) at = endOfRow(bytes, at);
  return [
    { bytes: bytes.subarray(0, at), count: first },
    { bytes: bytes.subarray(at), count: count - first },
  ];
}

/** The entity keys of each row as they are stored: `ad:ad-42`, `ad#<hex>`. */
export function entityKeysOf({ bytes, count }: RenderedRows): string[][] {
  const keys: string[][] = [];
  for (let row = 0, at = 0; row < count; row++, at = endOfRow(bytes, at)) {
    let column = at + 2;
    for (let c = 0; c < ENTITY_KEYS; c++) column = endOfField(bytes, column);
    keys.push(readTexts(bytes, column));
  }
  return keys;
}

/** The rows for which `isKept` has a true element. Copies them, unless all are kept. */
export function keptRows(rows: RenderedRows, isKept: readonly boolean[]): RenderedRows {
  const { bytes, count } = rows;
  const kept: Buffer[] = [];
  for (let row = 0, at = 0; row < count; row++) {
    const end = endOfRow(bytes, at);
    if (isKept[row] === true) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return kept.length === count ? rows : { bytes: Buffer.concat(kept), count: kept.length };
}

function endOfRow(bytes: Buffer, at: number): number {
  const columns = bytes.readInt16BE(at);
  let end = at + 2;
  for (let c = 0; c < columns; c++) end = endOfField(bytes, end);
  return end;
}

function endOfField(bytes: Buffer, at: number): number {
  return at + 4 + Math.max(bytes.readInt32BE(at), 0);
}

/** Elements of a text[] that is not null and has none. */
function readTexts(bytes: Buffer, field: number): string[] {
  const end = endOfField(bytes, field);
  const texts: string[] = [];
  for (let at = field + 4 + ARRAY_HEADER_BYTES; at < end; at = endOfField(bytes, at))
    texts.push(bytes.toString('utf8', at + 4, endOfField(bytes, at)));
  return texts;
}
