import type { Duration } from '@larder/core';
import type { Entity } from '../definition/entity.ts';
import { defineView, type FeatureView } from '../definition/feature-view.ts';
import { f, type Fields, type T } from '../definition/field.ts';
import type { SourceDescriptor } from '../definition/source.ts';
import type { Aggregate, Condition } from './aggregate.ts';
import type { EventSource } from './event-source.ts';
import { completeWindow, type CompleteWindow, type Window } from './window.ts';

/** What a windowed feature view has beside a plain one. */
export interface Windowing {
  readonly eventSource: EventSource;
  readonly windows: readonly CompleteWindow[];
  readonly aggregates: Readonly<Record<string, Aggregate>>;
}

type Aggregates = Readonly<Record<string, Aggregate>>;

type NameOf<W> = W extends { readonly window: infer D } ? D & string : W & string;

type Pairs<A extends Aggregates, W> = {
  [N in keyof A & string]: { readonly name: `${N}_${NameOf<W>}`; readonly value: A[N][typeof T]['value'] };
}[keyof A & string];

/** Features by name: `clicks_1h`, `clicks_7d`, … */
export type WindowedFeatures<A extends Aggregates, W> = {
  readonly [P in Pairs<A, W> as P['name']]: P['value'];
};

type FieldProblem<Values, A extends Aggregate> = [A[typeof T]['field']] extends [keyof Values]
  ? [A[typeof T]['field']] extends [never]
    ? never
    : Values[A[typeof T]['field'] & keyof Values] extends A[typeof T]['reads']
      ? never
      : `Field '${A[typeof T]['field'] & string}' does not have a type that this aggregate reads.`
  : `The event source has no field '${A[typeof T]['field'] & string}'.`;

type FilterProblem<Values, Filters> = {
  [K in keyof Filters]: K extends keyof Values
    ? Filters[K] extends Condition<Widened<Values[K]>>
      ? never
      : `Field '${K & string}' cannot be compared with this value.`
    : `The event source has no field '${K & string}'.`;
}[keyof Filters];

/** Distributes nothing over `true | false`, so that a list of booleans fits. */
type Widened<V> = [V] extends [boolean] ? boolean : V;

/** `A` itself where every aggregate reads fields that events have; otherwise a message in place of the one that does not. */
export type Reading<Values, A extends Aggregates> = {
  readonly [N in keyof A]: [FieldProblem<Values, A[N]>] extends [never]
    ? [FilterProblem<Values, A[N][typeof T]['filters']>] extends [never]
      ? A[N]
      : FilterProblem<Values, A[N][typeof T]['filters']>
    : FieldProblem<Values, A[N]>;
};

/** `S` itself when its events have the join keys of the entity, with the same types; otherwise a message. */
export type Identifying<Values, Keys, S> = [Values] extends [Keys]
  ? S
  : 'The join keys of the entity are not fields of the event source, with the same types.';

export interface WindowedFeatureViewOptions<
  Keys,
  Values,
  W extends readonly [Window, ...Window[]],
  A extends Aggregates,
> {
  /** A whole number from 1; entity, source, windows and aggregates of a version never change. */
  readonly version: number;
  /** Its join keys are fields of the events. */
  readonly entity: Entity<Keys>;
  readonly source: Identifying<Values, Keys, EventSource<string, Values>>;
  /** Lengths of time before the request: `'7d'`, or with the step in which its old end moves, `{ window: '7d', hop: '1d' }`. */
  readonly windows: W;
  /** By name; each gives one feature for each window. */
  readonly aggregates: Reading<Values, A> & A;
  /** Freshness objective: the view is stale when its newest event is older. @default none */
  readonly freshness?: Duration;
  readonly owner?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Defines a view whose features are aggregates over windows of events. `loadProject` reports its problems. */
export function windowedFeatureView<
  const N extends string,
  Keys,
  Values,
  const W extends readonly [Window, ...Window[]],
  const A extends Aggregates,
>(
  name: N,
  options: WindowedFeatureViewOptions<Keys, Values, W, A>,
): FeatureView<N, Keys, WindowedFeatures<A, W[number]>> {
  const { version, entity, freshness, owner, tags } = options;
  const eventSource = options.source as unknown as EventSource;
  const windows = (options.windows as readonly Window[] | undefined)?.map(completeWindow) ?? [];
  const aggregates = (options.aggregates as Aggregates | undefined) ?? {};
  const view = {
    version,
    entity,
    ttl: 'forever' as const,
    source: eventsOf(eventSource),
    schema: schemaOf(aggregates, windows),
    ...(freshness !== undefined && { freshness }),
    ...(owner !== undefined && { owner }),
    ...(tags !== undefined && { tags }),
  };
  return defineView(name, view, { windowed: { eventSource, windows, aggregates } }) as unknown as FeatureView<
    N,
    Keys,
    WindowedFeatures<A, W[number]>
  >;
}

/** Aggregate by aggregate, and within one, window by window. */
function schemaOf(aggregates: Aggregates, windows: readonly CompleteWindow[]): Fields {
  const names = Object.keys(aggregates).flatMap((name) => windows.map((window) => `${name}_${window.name}`));
  return Object.fromEntries(names.map((name) => [name, f.float64()]));
}

/** The events as the source of a view: nothing reads rows from it; landing fills the windows. */
function eventsOf(source: EventSource): SourceDescriptor {
  return {
    kind: 'events',
    connection: null,
    manifest: {
      kind: 'events',
      event_source: source?.name,
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: null,
    },
    problems: () => [],
  };
}
