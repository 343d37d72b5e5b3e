import type { FeatureViewManifest, FieldManifest } from '@larder/features';
import { ROW_HEADER_BYTES, rowHasSchema } from './row-header.ts';

export type RowSchema = Pick<FeatureViewManifest, 'schema' | 'schema_fingerprint' | 'windowed'>;

/** Position of one feature in a row of format 1. */
export interface Slot {
  readonly field: FieldManifest;
  /** Position in the schema: its bit in the null bitmap. */
  readonly index: number;
  /** Byte offset of a fixed-size value, of the byte that holds a bool, or of a variable value's end in the table of ends. */
  readonly offset: number;
  /** float32 and vector: number of floats. bool: the bit in its byte. Otherwise 0. */
  readonly extent: number;
}

export interface RowLayout {
  readonly schemaFingerprint: number;
  readonly slots: readonly Slot[];
  /** Bytes up to the end of the table of ends: a row without text is exactly this long. */
  readonly fixedBytes: number;
  readonly variableCount: number;
}

/**
 * Format 1: header · null bitmap · float32 and vectors · float64, int64, timestamp · bools as bits · ends of the
 * variable values (u32 each) · their bytes. Within each part the order is the schema's; multi-byte values are
 * little-endian, as tensors are, and not aligned.
 */
export function rowLayout(view: RowSchema): RowLayout {
  const slots: Slot[] = [];
  let offset = ROW_HEADER_BYTES + Math.ceil(view.schema.length / 8);
  const place = (part: Part, put: (field: FieldManifest, index: number) => void) => {
    for (const [index, field] of view.schema.entries()) if (PARTS[field.type] === part) put(field, index);
  };
  place('floats', (field, index) => {
    const extent = field.type === 'vector' ? vectorLength(field) : 1;
    slots.push({ field, index, offset, extent });
    offset += 4 * extent;
  });
  place('words', (field, index) => {
    slots.push({ field, index, offset, extent: 0 });
    offset += 8;
  });
  let bits = 0;
  place('bits', (field, index) => {
    slots.push({ field, index, offset: offset + (bits >> 3), extent: bits & 7 });
    bits += 1;
  });
  offset += Math.ceil(bits / 8);
  let variableCount = 0;
  place('variable', (field, index) => {
    slots.push({ field, index, offset, extent: 0 });
    offset += 4;
    variableCount += 1;
  });
  return {
    schemaFingerprint: view.schema_fingerprint,
    slots: slots.sort((a, b) => a.index - b.index),
    fixedBytes: offset,
    variableCount,
  };
}

/** @throws Error when the schema has no such feature */
export function slotOf(layout: RowLayout, feature: string): Slot {
  const slot = layout.slots.find(({ field }) => field.name === feature);
  if (slot === undefined) throw new Error(`The view has no feature ${feature}.`);
  return slot;
}

/** True when the row has this layout's format, schema and exact length: decoding cannot read past its end. */
export function rowFits(layout: RowLayout, row: Buffer): boolean {
  if (row.length < layout.fixedBytes || !rowHasSchema(row, layout.schemaFingerprint)) return false;
  const textBytes = layout.variableCount === 0 ? 0 : row.readUInt32LE(layout.fixedBytes - 4);
  return row.length === layout.fixedBytes + textBytes;
}

/** Sets one bit; bits count from the least significant of the first byte. */
export function setBit(row: Buffer, byte: number, bit: number): void {
  row[byte] = (row[byte] as number) | (1 << bit);
}

/** True when the source had no value for this feature. */
export function isNull(row: Buffer, slot: Slot): boolean {
  return ((row[ROW_HEADER_BYTES + (slot.index >> 3)] as number) & (1 << (slot.index & 7))) !== 0;
}

type Part = 'floats' | 'words' | 'bits' | 'variable';

const PARTS = {
  float32: 'floats',
  vector: 'floats',
  float64: 'words',
  int64: 'words',
  timestamp: 'words',
  bool: 'bits',
  string: 'variable',
  json: 'variable',
} as const satisfies Record<FieldManifest['type'], Part>;

function vectorLength(field: FieldManifest): number {
  if (field.length === undefined) throw new Error(`The vector ${field.name} has no length in the manifest.`);
  return field.length;
}
