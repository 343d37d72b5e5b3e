import type { RowOrder } from '@larder/core';
import type { FieldValue } from '@larder/features';
import { encodeValue, textOf } from './encode-value.ts';
import { decodeValue } from './decode-value.ts';
import { type RowHeader, ROW_HEADER_BYTES, readRowHeader, writeRowHeader } from './row-header.ts';
import { compileRowCheck } from './row-check.ts';
import { type RowSchema, rowLayout, setBit, type Slot } from './row-layout.ts';

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
  const variable = slots.filter(isVariable);

  return {
    encode(order, values) {
      let bytes = fixedBytes;
      const texts: string[] = [];
      for (let i = 0; i < variable.length; i++) {
        const { field } = variable[i] as Slot;
        const text = textOf(field, values[field.name] ?? null);
        bytes += Buffer.byteLength(text);
        texts.push(text);
      }
      // from Node's pool: a memory of its own for each row costs more than all its values
      const row = Buffer.allocUnsafe(bytes).fill(0, 0, fixedBytes);
      writeRowHeader(row, layout.schemaFingerprint, order);
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i] as Slot;
        const value = values[slot.field.name] ?? null;
        if (value === null) setBit(row, ROW_HEADER_BYTES + (slot.index >> 3), slot.index & 7);
        else if (!isVariable(slot)) encodeValue(row, slot, value);
      }
      let end = fixedBytes;
      for (let i = 0; i < variable.length; i++) {
        const text = texts[i] as string;
        if (text !== '') end += row.write(text, end);
        row.writeUInt32LE(end - fixedBytes, (variable[i] as Slot).offset);
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

function isVariable({ field }: Slot): boolean {
  return field.type === 'string' || field.type === 'json';
}
