import type { Duration } from '@larder/core';
import { brand } from '../definition/brand.ts';
import { durationMsOrNaN } from '../definition/duration-option.ts';
import type { Fields, Given, T } from '../definition/field.ts';
import type { SourceDescriptor } from '../definition/source.ts';

/** Events as they happen: each with an id and the time at which it happened. Windowed feature views aggregate them. */
export interface EventSource<out Name extends string = string, out Values = unknown> {
  readonly kind: 'event_source';
  readonly name: Name;
  readonly schema: Fields;
  /** As written; Larder uses `retentionMs`. */
  readonly retention: Duration | 'forever';
  readonly retentionMs: number | 'forever';
  readonly backfill: SourceDescriptor | null;
  readonly [T]: { readonly values: Values };
}

export interface EventSourceOptions<S extends Fields> {
  /** Fields of an event beside `event_id` and `event_timestamp`; any may be null except join keys. Later ones may be added. */
  readonly schema: S;
  /** How long events are kept, by event time; at least the longest window with its hop. @default 'forever' */
  readonly retention?: Duration | 'forever';
  /** Where the past comes from: its rows give `event_id`, the event timestamp and the fields. @default none */
  readonly backfill?: SourceDescriptor;
}

/** Defines a source of events, which arrive through `POST /v1/events/{source}`. */
export function eventSource<const N extends string, S extends Fields>(
  name: N,
  options: EventSourceOptions<S>,
): EventSource<N, Given<S>> {
  const retention = options.retention ?? 'forever';
  return brand({
    kind: 'event_source' as const,
    name,
    schema: options.schema,
    retention,
    retentionMs: retention === 'forever' ? 'forever' : durationMsOrNaN(retention),
    backfill: options.backfill ?? null,
  }) as unknown as EventSource<N, Given<S>>;
}
