import type { RowOrder } from '@larder/core';
import type { FieldValue } from '@larder/features';
import { encodeValue, textOf } from './encode-value.ts';
import { decodeValue } from './decode-value.ts';
import { type RowHeader, ROW_HEADER_BYTES, readRowHeader, writeRowHeader } from './row-header.ts';
import { compileRowCheck } from './row-check.ts';
import { type RowSchema, rowLayout, setBit } from './row-layout.ts';

export interface DecodedRow {
  readonly header: RowHeader;
  /** In the schema's order; null where the source had no value. */
  readonly values: Readonly<Record<string, FieldValue>>;
}

export interface RowCodec {
  /** A row of format 1; a feature that is absent or null becomes null. @throws FEATURE_VALUE_INVALID */
  encode(order: RowOrder, values: Readonly<Record<string, FieldValue | undefined>>): Buffer;
  /** Null when the row is of another schema or format, or damaged. */
  decode(row: Buffer): DecodedRow | null;
}

/** The packed row of one view version's schema (docs/reference/redis-layout.md). */
export function compileRowCodec(view: RowSchema): RowCodec {
  const layout = rowLayout(view);
  const { slots, fixedBytes } = layout;
  const isReadable = compileRowCheck(layout);
  const fixed = slots.filter(({ field }) => field.type !== 'string' && field.type !== 'json');
  const variable = slots.filter(({ field }) => field.type === 'string' || field.type === 'json');

  return {
    encode(order, values) {
      const texts = variable.map(({ field }) => textOf(field, values[field.name] ?? null));
      const row = Buffer.alloc(texts.reduce((size, text) => size + Buffer.byteLength(text), fixedBytes));
      writeRowHeader(row, layout.schemaFingerprint, order);
      for (const slot of slots)
        if ((values[slot.field.name] ?? null) === null)
          setBit(row, ROW_HEADER_BYTES + (slot.index >> 3), slot.index & 7);
      for (const slot of fixed) {
        const value = values[slot.field.name] ?? null;
        if (value !== null) encodeValue(row, slot, value);
      }
      let end = fixedBytes;
      for (const [i, slot] of variable.entries()) {
        end += row.write(texts[i] as string, end);
        row.writeUInt32LE(end - fixedBytes, slot.offset);
      }
      return row;
    },

    decode(row) {
      if (!isReadable(row)) return null;
      const values: Record<string, FieldValue> = {};
      for (const slot of slots) values[slot.field.name] = decodeValue(layout, row, slot);
      return { header: readRowHeader(row) as RowHeader, values };
    },
  };
}
