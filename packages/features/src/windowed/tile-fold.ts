/*
 * Hot path of landing events: one call per event, window and aggregate.
 */
import type { FieldManifest } from '../manifest/manifest.ts';
import { addToEncoded, DistinctSketch, sketchEntry } from './distinct-sketch.ts';
import { compileFilter, type EventValues } from './event-filter.ts';
import type { AggregateManifest, WindowedManifest } from './windowed-manifest.ts';

/** An event as aggregates see it. */
export interface FoldedEvent {
  readonly eventId: string;
  readonly eventTimestampMs: number;
  /** Its arrival. */
  readonly createdTimestampMs: number;
  readonly values: EventValues;
}

/** Order of an event among those of an aggregate `last`. */
export type LastOrder = readonly [eventTimestampMs: number, createdTimestampMs: number, eventId: string];

/** What some events of one tile come to. */
export interface TileState {
  /** count, sum: one each; mean: sum and count; min, max, last: one each, null without a value. In the order of the aggregates. */
  readonly numbers: (number | null)[];
  /** Of each `last`, in their order. */
  readonly lasts: (LastOrder | null)[];
  /** Of each `approximate_distinct`, in their order, encoded. */
  readonly sketches: Uint8Array[];
}

export interface TileFold {
  readonly numbers: number;
  readonly lasts: number;
  readonly sketches: number;
  /** Adds events to a tile. */
  add(to: TileState | null, events: readonly FoldedEvent[]): TileState;
  /** The states by aggregate, as the online store takes them. */
  states(state: TileState): (number | null | Uint8Array)[];
}

interface Step {
  readonly function: AggregateManifest['function'];
  readonly field: string | null;
  readonly fits: (values: EventValues) => boolean;
  /** Place in `numbers`, or in `sketches`. */
  readonly place: number;
  /** Place in `lasts`. */
  readonly last: number;
}

const NOTHING = new Uint8Array(0);
/** Up to so many values are added to the encoded sketch; beyond, decoding it is faster. */
const FEW = 8;
/** Values whose entries are remembered: an event is folded into a tile of each window. */
const MAX_REMEMBERED = 5_000;

/** @param schema of the event source */
export function compileTileFold(windowed: WindowedManifest, schema: readonly FieldManifest[]): TileFold {
  let [numbers, lasts, sketches] = [0, 0, 0];
  const steps = windowed.aggregates.map((aggregate): Step => {
    const { function: name, field, where } = aggregate;
    const isSketch = name === 'approximate_distinct';
    const step = { function: name, field, fits: compileFilter(where, schema), place: numbers, last: lasts };
    if (isSketch) return { ...step, place: sketches++ };
    numbers += name === 'mean' ? 2 : 1;
    if (name === 'last') lasts++;
    return step;
  });
  const sketch = new DistinctSketch();
  const sketching = steps.filter((step) => step.function === 'approximate_distinct');
  const numeric = steps.filter((step) => step.function !== 'approximate_distinct');
  const empty = emptyNumbers(steps, numbers);
  const noLasts = Array.from({ length: lasts }, () => null);
  const remembered = new Map<string, number>();

  function entryOf(text: string): number {
    const known = remembered.get(text);
    if (known !== undefined) return known;
    if (remembered.size >= MAX_REMEMBERED) remembered.clear();
    const entry = sketchEntry(text);
    remembered.set(text, entry);
    return entry;
  }

  function addSketch(step: Step, before: Uint8Array, events: readonly FoldedEvent[]): Uint8Array {
    const areFew = events.length <= FEW;
    let bytes = before;
    if (!areFew) {
      sketch.clear();
      sketch.merge(before);
    }
    for (const { values } of events) {
      const value = values[step.field as string] ?? null;
      if (value === null || !step.fits(values)) continue;
      const entry = entryOf((value as string | bigint | boolean).toString());
      if (areFew) bytes = addToEncoded(bytes, entry);
      else sketch.addEntry(entry);
    }
    return areFew ? bytes : sketch.encode();
  }

  return {
    numbers,
    lasts,
    sketches,
    add(to, events) {
      const state: TileState = {
        numbers: (to?.numbers ?? empty).slice(),
        lasts: (to?.lasts ?? noLasts).slice(),
        sketches: sketching.map((step) => addSketch(step, to?.sketches[step.place] ?? NOTHING, events)),
      };
      for (const step of numeric) for (const event of events) addNumber(state, step, event);
      return state;
    },
    states(state) {
      const states: (number | null | Uint8Array)[] = [];
      for (const { function: name, place } of steps) {
        if (name === 'approximate_distinct') states.push(state.sketches[place] as Uint8Array);
        else states.push(state.numbers[place] ?? null);
        if (name === 'mean') states.push(state.numbers[place + 1] ?? null);
      }
      return states;
    },
  };
}

function emptyNumbers(steps: readonly Step[], length: number): (number | null)[] {
  const numbers: (number | null)[] = Array.from({ length }, () => 0);
  for (const { function: name, place } of steps)
    if (name === 'min' || name === 'max' || name === 'last') numbers[place] = null;
  return numbers;
}

function addNumber({ numbers, lasts }: TileState, step: Step, event: FoldedEvent): void {
  const { place } = step;
  if (step.function === 'count') {
    if (step.fits(event.values)) numbers[place] = (numbers[place] as number) + 1;
    return;
  }
  const given = event.values[step.field as string] ?? null;
  if (given === null || !step.fits(event.values)) return;
  const value = Number(given);
  const before = numbers[place] ?? null;
  switch (step.function) {
    case 'approximate_distinct':
      return;
    case 'mean':
      numbers[place + 1] = (numbers[place + 1] as number) + 1;
      numbers[place] = (before as number) + value;
      return;
    case 'sum':
      numbers[place] = (before as number) + value;
      return;
    case 'min':
      if (before === null || value < before) numbers[place] = value;
      return;
    case 'max':
      if (before === null || value > before) numbers[place] = value;
      return;
    case 'last': {
      const order: LastOrder = [event.eventTimestampMs, event.createdTimestampMs, event.eventId];
      const held = lasts[step.last] ?? null;
      if (held !== null && !isLater(order, held)) return;
      lasts[step.last] = order;
      numbers[place] = value;
      return;
    }
  }
}

/** Ids are compared as PostgreSQL compares them with collation "C": by their bytes in UTF-8. */
function isLater(order: LastOrder, than: LastOrder): boolean {
  if (order[0] !== than[0]) return order[0] > than[0];
  if (order[1] !== than[1]) return order[1] > than[1];
  return Buffer.compare(Buffer.from(order[2]), Buffer.from(than[2])) > 0;
}
