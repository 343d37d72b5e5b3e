import {
  compileTileFold,
  DistinctSketch,
  type FieldManifest,
  type FoldedEvent,
  type WindowedManifest,
} from '@larder/features';
import type { ArrivedEvent } from '../events/event-table.ts';
import { joinedEvents } from '../point-in-time/joined-table.ts';
import type { PointInTimeJoin } from '../point-in-time/point-in-time.ts';

/** An edition of an event in history, with the times that decide who may see it. */
export interface EventEdition extends ArrivedEvent {
  readonly edition: number;
  readonly landedAtMs: number;
  /** Null: not confirmed. */
  readonly onlineAtMs: number | null;
}

export interface WindowsAt {
  readonly keys: Readonly<Record<string, unknown>>;
  readonly atMs: number;
}

/** The definition of a windowed view at a time over plain arrays: its features in the order of its schema. */
export function naiveWindows(
  join: PointInTimeJoin,
  editions: readonly EventEdition[],
  { keys, atMs }: WindowsAt,
): (number | null)[] {
  const [joined] = join.views;
  const windowed = joined?.view.windowed;
  if (joined === undefined || windowed === undefined) throw new Error('The join has no windowed view.');
  const source = joinedEvents(join, joined);
  const known = new Map<string, EventEdition>();
  for (const edition of editions.toSorted((a, b) => a.edition - b.edition)) {
    const knownMs = join.cutOff === 'created' ? edition.createdTimestampMs : edition.onlineAtMs;
    if (knownMs !== null && knownMs <= atMs && edition.landedAtMs < join.landedBefore.getTime())
      known.set(`${edition.eventTimestampMs} ${edition.eventId}`, edition);
  }
  const isOfKey = ({ values }: EventEdition): boolean =>
    join.entity.join_keys.every(({ name }) => values[name] === keys[name]);
  const events = [...known.values()].filter((event) => !event.isRetracted && isOfKey(event));
  const byWindow = windowed.windows.map(({ window_ms: windowMs, hop_ms: hopMs }) => {
    const first = Math.floor((atMs - windowMs) / hopMs);
    const last = Math.floor(atMs / hopMs);
    const tileOf = (event: FoldedEvent): number => Math.floor(event.eventTimestampMs / hopMs);
    return valuesOf(
      windowed,
      source.schema,
      events.filter((event) => tileOf(event) >= first && tileOf(event) <= last),
    );
  });
  return windowed.aggregates.flatMap((_, at) => byWindow.map((values) => values[at] ?? null));
}

function valuesOf(
  windowed: WindowedManifest,
  schema: readonly FieldManifest[],
  events: readonly FoldedEvent[],
): (number | null)[] {
  const fold = compileTileFold(windowed, schema);
  const states = fold.states(fold.add(null, events));
  return windowed.aggregates.map(({ function: name }) => {
    const state = states.shift() ?? null;
    if (state instanceof Uint8Array) {
      const sketch = new DistinctSketch();
      sketch.merge(state);
      return sketch.estimate();
    }
    if (name !== 'mean') return state;
    const count = states.shift() as number;
    return count === 0 ? null : (state as number) / count;
  });
}
