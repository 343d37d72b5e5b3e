/*
 * Hot path: a page of history, as the bytes of a binary COPY, becomes packed rows. One buffer and one text are made per row;
 * values go from bytes to bytes.
 */
import { entityKey, type EntityManifest, type FeatureViewManifest, type FieldValue } from '@larder/features';
import { historyTable, PAGE_COLUMNS, type HistoryProject } from '@larder/offline-store';
import { encodeGoneRow, rowLayout, setBit, writeRowHeader, type Slot } from '@larder/online-store';
import { keyText } from '../prepare/key-text.ts';

export interface PackedPage {
  /** Canonical, in the order of the page. */
  readonly entityKeys: readonly string[];
  /** As the online store keeps them. */
  readonly rows: readonly Buffer[];
  /** Join keys of the last row as text: where the next page begins. Null: the page is empty. */
  readonly lastKeys: readonly string[] | null;
}

/** Header of the format, its flags, and the length of its extension. */
const COPY_HEADER_BYTES = 11 + 4 + 4;
/** Before the elements of an array: dimensions, whether it has nulls, the type, length and lower bound. */
const ARRAY_HEADER_BYTES = 20;
const ELEMENT_BYTES = 8;
const ROW_HEADER_BYTES = 22;
const POSTGRES_EPOCH_MS = 946_684_800_000;
const TWO_TO_32 = 2 ** 32;
/** Upper halves of microseconds that a number holds exactly. */
const EXACT = 2 ** 20;

/** Compiled for one view: packs the pages of `readNewestRowsPage`. */
export function compileRowPacker(
  project: HistoryProject,
  view: FeatureViewManifest,
): (bytes: Buffer) => PackedPage {
  const entity = project.entities[view.entity] as EntityManifest;
  const { keys } = historyTable(project, view);
  const layout = rowLayout(view);
  const { slots, fixedBytes, schemaFingerprint } = layout;
  const order = { eventTimestampMs: 0, createdTimestampMs: 0, revision: 0 };
  /** Where the value of each feature begins in the page, and its length; -1: null. */
  const starts = new Float64Array(slots.length);
  const lengths = new Int32Array(slots.length);
  const texts = slots.filter(({ field }) => field.type === 'string' || field.type === 'json');
  const json: (Buffer | null)[] = [];
  const ownKey = textKey(entity);

  return (bytes) => {
    const entityKeys: string[] = [];
    const rows: Buffer[] = [];
    let last: readonly string[] | null = null;
    let values: Record<string, FieldValue> = {};
    let at = COPY_HEADER_BYTES;
    for (; bytes.readInt16BE(at) >= 0;) {
      at += 2;
      const keysStart = at;
      for (let i = 0; i < keys.length; i++) at += 4 + bytes.readInt32BE(at);
      entityKeys.push(ownKey?.(bytes, keysStart) ?? entityKey(entity, (values = readKeys(bytes, keysStart))));
      order.eventTimestampMs = readMs(bytes, at + 4);
      order.createdTimestampMs = readMs(bytes, at + 16);
      order.revision = bytes.readUInt32BE(at + 28) * TWO_TO_32 + bytes.readUInt32BE(at + 32);
      const gone = bytes[at + 40] === 1;
      at += 3 * 12 + 5;
      for (let i = 0; i < slots.length; i++) {
        const length = bytes.readInt32BE(at);
        starts[i] = at + 4;
        lengths[i] = length;
        at += 4 + Math.max(length, 0);
      }
      rows.push(gone ? encodeGoneRow(view, order) : pack(bytes));
      if (bytes.readInt16BE(at) < 0) {
        values = readKeys(bytes, keysStart);
        last = keys.map(({ name }) => keyText(values[name] as FieldValue));
      }
    }
    return { entityKeys, rows, lastKeys: last };
  };

  function readKeys(bytes: Buffer, start: number): Record<string, FieldValue> {
    const read: Record<string, FieldValue> = {};
    let at = start;
    for (const key of keys) {
      const length = bytes.readInt32BE(at);
      read[key.name] = key.read(bytes.subarray(at + 4, at + 4 + length));
      at += 4 + length;
    }
    return read;
  }

  function pack(bytes: Buffer): Buffer {
    let size = fixedBytes;
    for (let i = 0; i < texts.length; i++) {
      const { field, index } = texts[i] as Slot;
      const length = lengths[index] as number;
      const start = starts[index] as number;
      json[i] = field.type === 'json' && length >= 0 ? canonicalJson(bytes, start, length) : null;
      size += json[i]?.length ?? Math.max(length, 0);
    }
    const row = Buffer.allocUnsafe(size).fill(0, 0, fixedBytes);
    writeRowHeader(row, schemaFingerprint, order);
    let end = fixedBytes;
    let text = 0;
    for (let i = 0; i < slots.length; i++) {
      const slot = slots[i] as Slot;
      const start = starts[i] as number;
      const length = lengths[i] as number;
      const { type } = slot.field;
      if (length < 0) setBit(row, ROW_HEADER_BYTES + (i >> 3), i & 7);
      if (type === 'string' || type === 'json') {
        const own = json[text++];
        if (own) end += own.copy(row, end);
        else if (length > 0) end += bytes.copy(row, end, start, start + length);
        row.writeUInt32LE(end - fixedBytes, slot.offset);
      } else if (length >= 0) packFixed(row, slot, bytes, start);
    }
    return row;
  }
}

function packFixed(row: Buffer, { field, offset, extent }: Slot, bytes: Buffer, start: number): void {
  switch (field.type) {
    case 'float32':
      row.writeUInt32LE(bytes.readUInt32BE(start), offset);
      break;
    case 'float64':
    case 'int64':
      row.writeUInt32LE(bytes.readUInt32BE(start + 4), offset);
      row.writeUInt32LE(bytes.readUInt32BE(start), offset + 4);
      break;
    case 'timestamp': {
      const ms = readMs(bytes, start);
      row.writeInt32LE(ms | 0, offset);
      row.writeInt32LE(Math.floor(ms / TWO_TO_32), offset + 4);
      break;
    }
    case 'bool':
      if (bytes[start] === 1) setBit(row, offset, extent);
      break;
    case 'vector':
      for (let i = 0, from = start + ARRAY_HEADER_BYTES + 4; i < extent; i++, from += ELEMENT_BYTES)
        row.writeUInt32LE(bytes.readUInt32BE(from), offset + 4 * i);
      break;
    case 'string':
    case 'json':
      throw new Error(`${field.type} has no fixed size.`);
  }
}

/** Microseconds since 2000 as milliseconds since the epoch. */
function readMs(bytes: Buffer, at: number): number {
  const high = bytes.readInt32BE(at);
  const ms =
    high >= -EXACT && high < EXACT
      ? (high * TWO_TO_32 + bytes.readUInt32BE(at + 4)) / 1_000
      : Number(bytes.readBigInt64BE(at) / 1_000n);
  return Math.trunc(ms) + POSTGRES_EPOCH_MS;
}

/** The text as a landing writes it; the first byte is the version of jsonb. */
function canonicalJson(bytes: Buffer, start: number, length: number): Buffer {
  return Buffer.from(JSON.stringify(JSON.parse(bytes.toString('utf8', start + 1, start + length))));
}

/** Bytes that a key of one plain text does not have: beyond ASCII, control characters, or those that are escaped. */
const SPECIAL = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte >= 0x7f || '%|{}'.includes(String.fromCharCode(byte)) ? 1 : 0,
);

/** Reads the canonical key of an entity with one text as its join key; undefined: that text needs more care, or there are others. */
function textKey(entity: EntityManifest): ((bytes: Buffer, start: number) => string | undefined) | undefined {
  const [only] = entity.join_keys;
  if (entity.join_keys.length !== 1 || only?.type !== 'string' || only.constant !== undefined)
    return undefined;
  return (bytes, start) => {
    const end = start + 4 + bytes.readInt32BE(start);
    for (let at = start + 4; at < end; at++) if (SPECIAL[bytes[at] as number] === 1) return undefined;
    return bytes.toString('latin1', start + 4, end);
  };
}

// Offsets above follow these columns, of 8, 8, 8 and 1 bytes.
PAGE_COLUMNS satisfies readonly ['event_timestamp', 'created_timestamp', 'revision', 'is_gone'];
