import type { T } from '../definition/field.ts';

export type AggregateFunction = 'count' | 'sum' | 'mean' | 'min' | 'max' | 'last' | 'approximate_distinct';

/** Limits of a field: all of them hold; times are `Date`. */
export interface Range<V = number | bigint | Date> {
  readonly gte?: V;
  readonly gt?: V;
  readonly lte?: V;
  readonly lt?: V;
}

type Ordered = number | bigint | Date;

/** What a field must be: equal to a value, one of several, or within limits. A null never is. */
export type Condition<V> =
  | V
  | readonly V[]
  | (Extract<V, Ordered> extends never ? never : Range<Extract<V, Ordered>>);

/** Which events count, as data, so that SQL and JavaScript decide alike: every condition must hold. */
export type Where = Readonly<Record<string, Condition<string | number | bigint | boolean | Date>>>;

/**
 * An aggregate over the events of a window. `Field` is the field that it reads, `Reads` the type that the field must have,
 * `Filters` its conditions, `Value` the type of the feature.
 */
export interface Aggregate<
  out Field extends string = string,
  out Reads = unknown,
  out Filters = unknown,
  out Value = unknown,
> {
  readonly kind: 'aggregate';
  readonly function: AggregateFunction;
  /** Null: it counts events. */
  readonly field: string | null;
  readonly where: Where;
  readonly [T]: {
    readonly field: Field;
    readonly reads: Reads;
    readonly filters: Filters;
    readonly value: Value;
  };
}

export interface AggregateOptions<W> {
  /** Only events that fit. @default all */
  readonly where?: W;
}

type Numeric = number | bigint | boolean;
type Discrete = string | number | bigint | boolean;

/** Number of events. */
export function count<const W extends Where = {}>(options: AggregateOptions<W> = {}) {
  return aggregate('count', null, options) as Aggregate<never, unknown, W, number>;
}

/** Sum of a field; 0 over no events. */
export function sum<const F extends string, const W extends Where = {}>(
  field: F,
  options: AggregateOptions<W> = {},
) {
  return aggregate('sum', field, options) as Aggregate<F, Numeric, W, number>;
}

/** Mean of a field; null over no events. */
export function mean<const F extends string, const W extends Where = {}>(
  field: F,
  options: AggregateOptions<W> = {},
) {
  return aggregate('mean', field, options) as Aggregate<F, Numeric, W, number | null>;
}

/** Smallest value of a field; null over no events. */
export function min<const F extends string, const W extends Where = {}>(
  field: F,
  options: AggregateOptions<W> = {},
) {
  return aggregate('min', field, options) as Aggregate<F, Numeric, W, number | null>;
}

/** Greatest value of a field; null over no events. */
export function max<const F extends string, const W extends Where = {}>(
  field: F,
  options: AggregateOptions<W> = {},
) {
  return aggregate('max', field, options) as Aggregate<F, Numeric, W, number | null>;
}

/** Value of the newest event, by (event timestamp, arrival, event id); null over no events. */
export function last<const F extends string, const W extends Where = {}>(
  field: F,
  options: AggregateOptions<W> = {},
) {
  return aggregate('last', field, options) as Aggregate<F, Numeric, W, number | null>;
}

/** Number of different values of a field, estimated with a standard error of 3.25 %; 0 over no events. */
export function approximateDistinct<const F extends string, const W extends Where = {}>(
  field: F,
  options: AggregateOptions<W> = {},
) {
  return aggregate('approximate_distinct', field, options) as Aggregate<F, Discrete, W, number>;
}

function aggregate(
  name: AggregateFunction,
  field: string | null,
  { where = {} }: AggregateOptions<Where>,
): Aggregate {
  return Object.freeze({ kind: 'aggregate', function: name, field, where }) as unknown as Aggregate;
}
