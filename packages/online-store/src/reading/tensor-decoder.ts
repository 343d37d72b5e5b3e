/*
 * Budget: under 100 ns for ten floats or for a vector of 512, and no allocation. Nothing here may build
 * an object, slice a Buffer or look up a feature by name per row: that belongs in the compilation.
 */
import { endianness } from 'node:os';
import { ROW_HEADER_BYTES } from '../rows/row-header.ts';
import { isWindowed } from '../tiles/tile-layout.ts';
import { compileWindowDecoder } from './window-decoder.ts';
import { type RowLayout, type RowSchema, type Slot, rowFits, rowLayout, slotOf } from '../rows/row-layout.ts';

export interface TensorDecoder {
  /** Columns that the features take: a vector of n takes n. */
  readonly width: number;
  /**
   * Writes the features of one row at this moment into the tensor, from `column` to `column + width` (exclusive); for null, or a
   * row of another schema, it writes their defaults or `missing`.
   */
  decodeInto(row: Buffer | null, tensor: TensorMemory, column: number, nowMs: number): void;
}

/** A tensor's floats, and the same memory as bytes. */
export interface TensorMemory {
  readonly floats: Float32Array;
  readonly bytes: Uint8Array;
}

/**
 * Compiles a decoder that writes some features of a view, in this order, into a float32 tensor.
 * `missing` is written for a value that is absent or null and has no declared default.
 */
export function compileTensorDecoder(
  view: RowSchema,
  features: readonly string[],
  missing: number,
): TensorDecoder {
  if (endianness() !== 'LE')
    throw new Error('Larder copies little-endian rows into tensors; this machine is big-endian.');
  if (isWindowed(view)) return compileWindowDecoder(view, features, missing);
  const layout = rowLayout(view);
  const picks = placeColumns(layout, features);
  const width = picks.reduce((sum, pick) => sum + pick.width, 0);
  const fill = fillOf(picks, width, missing);
  const runs = floatRuns(picks);
  const doubles = picks.filter(({ slot }) => slot.field.type === 'float64');
  const bools = picks.filter(({ slot }) => slot.field.type === 'bool');

  // readDoubleLE would box its result
  const scratch = new Float64Array(1);
  const scratchBytes = new Uint8Array(scratch.buffer);

  return {
    width,
    decodeInto(row, tensor, column) {
      const { floats, bytes } = tensor;
      if (row === null || !rowFits(layout, row)) {
        floats.set(fill, column);
        return;
      }
      for (let i = 0; i < runs.length; i++) {
        const run = runs[i] as FloatRun;
        row.copy(bytes, 4 * (column + run.column), run.start, run.end);
      }
      for (let i = 0; i < doubles.length; i++) {
        const pick = doubles[i] as PickedSlot;
        row.copy(scratchBytes, 0, pick.slot.offset, pick.slot.offset + 8);
        floats[column + pick.column] = scratch[0] as number;
      }
      for (let i = 0; i < bools.length; i++) {
        const pick = bools[i] as PickedSlot;
        floats[column + pick.column] = ((row[pick.slot.offset] as number) >> pick.slot.extent) & 1;
      }
      for (let i = 0; i < picks.length; i++) {
        const pick = picks[i] as PickedSlot;
        if (((row[pick.nullByte] as number) & pick.nullMask) === 0) continue;
        for (let at = pick.column; at < pick.column + pick.width; at++)
          floats[column + at] = fill[at] as number;
      }
    },
  };
}

interface PickedSlot {
  readonly slot: Slot;
  readonly column: number;
  readonly width: number;
  readonly nullByte: number;
  readonly nullMask: number;
}

/** Bytes `start … end` of the row are `(end - start) / 4` consecutive columns. */
interface FloatRun {
  readonly start: number;
  end: number;
  readonly column: number;
}

function placeColumns(layout: RowLayout, features: readonly string[]): PickedSlot[] {
  let column = 0;
  return features.map((name) => {
    const slot = slotOf(layout, name);
    const { type } = slot.field;
    if (type !== 'float32' && type !== 'vector' && type !== 'float64' && type !== 'bool')
      throw new Error(`${name} is of type ${type}, which cannot go into a tensor without an encoding.`);
    const width = type === 'vector' ? slot.extent : 1;
    const nullByte = ROW_HEADER_BYTES + (slot.index >> 3);
    const pick = { slot, column, width, nullByte, nullMask: 1 << (slot.index & 7) };
    column += width;
    return pick;
  });
}

function floatRuns(picks: readonly PickedSlot[]): FloatRun[] {
  const runs: FloatRun[] = [];
  for (const { slot, column, width } of picks) {
    if (slot.field.type !== 'float32' && slot.field.type !== 'vector') continue;
    const last = runs.at(-1);
    const end = slot.offset + 4 * width;
    const follows = last?.end === slot.offset && last.column + (last.end - last.start) / 4 === column;
    if (last !== undefined && follows) last.end = end;
    else runs.push({ start: slot.offset, end, column });
  }
  return runs;
}

function fillOf(picks: readonly PickedSlot[], width: number, missing: number): Float32Array {
  const fill = new Float32Array(width).fill(missing);
  for (const { slot, column } of picks) {
    const value = slot.field.default;
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) fill.set(value as number[], column);
    else fill[column] = Number(value);
  }
  return fill;
}
