/*
 * Budget: 20 ns for a row without text. Runs once per row that is read: nothing here may allocate unless the view has
 * string or json features.
 */
import { isUtf8 } from 'node:buffer';
import { ROW_HEADER_BYTES } from './row-header.ts';
import { isNull, rowFits, type RowLayout, type Slot } from './row-layout.ts';

/** Largest instant of a `Date`. */
const MAX_DATE_MS = 8.64e15;

/**
 * Compiles the one check of what is readable: format, schema, exact length, and everything that can be invalid (padding
 * bits, ends of texts, UTF-8, JSON, instants, safe integers). Any bytes are a valid float.
 */
export function compileRowCheck(layout: RowLayout): (row: Buffer) => boolean {
  const { slots, fixedBytes, variableCount } = layout;
  const padding = paddingMasks(layout);
  const words = slots.filter(({ field }) => limitOf(field) !== null);
  const texts = slots.filter(({ field }) => field.type === 'string' || field.type === 'json');
  const tableStart = fixedBytes - 4 * variableCount;

  return (row) => {
    if (!rowFits(layout, row)) return false;
    for (let i = 0; i < padding.length; i++) {
      const { byte, mask } = padding[i] as PaddingMask;
      if (((row[byte] as number) & mask) !== 0) return false;
    }
    for (let i = 0; i < words.length; i++) if (!wordFits(row, words[i] as Slot)) return false;
    return variableCount === 0 || textsFit(row, texts, { tableStart, textStart: fixedBytes });
  };
}

interface PaddingMask {
  readonly byte: number;
  readonly mask: number;
}

/** Unused bits in the last bytes of the null bitmap and of the bools, which must be zero. */
function paddingMasks({ slots }: RowLayout): PaddingMask[] {
  const bools = slots.filter(({ field }) => field.type === 'bool');
  const ends = [
    { byte: ROW_HEADER_BYTES + ((slots.length - 1) >> 3), used: slots.length & 7 },
    { byte: bools.at(-1)?.offset ?? 0, used: bools.length & 7 },
  ];
  return ends.filter(({ used }) => used > 0).map(({ byte, used }) => ({ byte, mask: (0xff << used) & 0xff }));
}

function limitOf({ type, safe }: Slot['field']): number | null {
  if (type === 'timestamp') return MAX_DATE_MS;
  return type === 'int64' && safe === true ? Number.MAX_SAFE_INTEGER : null;
}

function wordFits(row: Buffer, slot: Slot): boolean {
  const limit = limitOf(slot.field) as number;
  // exact up to 2^53, above both limits; readBigInt64LE would allocate
  const value = row.readInt32LE(slot.offset + 4) * 2 ** 32 + row.readUInt32LE(slot.offset);
  return value <= limit && value >= -limit;
}

function textsFit(
  row: Buffer,
  texts: readonly Slot[],
  at: { readonly tableStart: number; readonly textStart: number },
): boolean {
  let start = at.textStart;
  for (let i = 0; i < texts.length; i++) {
    const slot = texts[i] as Slot;
    const end = at.textStart + row.readUInt32LE(at.tableStart + 4 * i);
    if (end < start || end > row.length) return false;
    const bytes = row.subarray(start, end);
    if (!isUtf8(bytes)) return false;
    if (isNull(row, slot) ? end > start : slot.field.type === 'json' && !isJson(bytes)) return false;
    start = end;
  }
  return true;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return true;
  } catch {
    return false;
  }
}
