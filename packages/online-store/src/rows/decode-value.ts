import type { FieldValue, JsonValue } from '@larder/features';
import { type RowLayout, type Slot, isNull } from './row-layout.ts';

/** The value of one feature in a row that fits the layout; null where the source had none. */
export function decodeValue(layout: RowLayout, row: Buffer, slot: Slot): FieldValue {
  if (isNull(row, slot)) return null;
  const { field, offset } = slot;
  switch (field.type) {
    case 'float32':
      return row.readFloatLE(offset);
    case 'float64':
      return row.readDoubleLE(offset);
    case 'int64':
      return field.safe === true ? Number(row.readBigInt64LE(offset)) : row.readBigInt64LE(offset);
    case 'timestamp':
      return new Date(Number(row.readBigInt64LE(offset)));
    case 'bool':
      return ((row[offset] as number) & (1 << slot.extent)) !== 0;
    case 'vector': {
      const vector = new Float32Array(slot.extent);
      row.copy(new Uint8Array(vector.buffer), 0, offset, offset + 4 * slot.extent);
      return vector;
    }
    case 'string':
      return textAt(layout, row, slot);
    case 'json':
      return JSON.parse(textAt(layout, row, slot)) as JsonValue;
    default:
      return field.type satisfies never;
  }
}

function textAt(layout: RowLayout, row: Buffer, slot: Slot): string {
  const first = slot.offset === layout.fixedBytes - 4 * layout.variableCount;
  const start = first ? 0 : row.readUInt32LE(slot.offset - 4);
  return row.toString('utf8', layout.fixedBytes + start, layout.fixedBytes + row.readUInt32LE(slot.offset));
}
