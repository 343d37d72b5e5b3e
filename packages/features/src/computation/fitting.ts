import type { ComputeDescriptor } from './computation.ts';
import type { Fields, T } from '../definition/field.ts';

/** `C` itself when its values fit the schema and the source has the columns that it reads; otherwise a sentence. */
export type Fitting<C extends ComputeDescriptor, Columns, S extends Fields> = [
  ValueProblem<ValuesOf<C>, S>,
] extends [never]
  ? [ColumnProblem<RowRead<C>, Columns>] extends [never]
    ? C
    : ColumnProblem<RowRead<C>, Columns>
  : ValueProblem<ValuesOf<C>, S>;

type ValuesOf<C> = C extends ComputeDescriptor<infer Values> ? Values : unknown;
type RowRead<C> = C extends ComputeDescriptor<unknown, infer Row> ? Row : unknown;

/** Values of unknown or arbitrary names are checked when they land. `V` is a union where rows return different objects. */
type ValueProblem<V, S extends Fields> = unknown extends V
  ? never
  : [V] extends [never]
    ? never
    : string extends keyof V
      ? never
      : LeftOut<V, S> | Undeclared<V, S> | Mistyped<V, S>;

type LeftOut<V, S> =
  `The computation leaves out feature '${Exclude<keyof S, keyof V> & string}'; return null where it has no value.`;

type Undeclared<V, S> = V extends unknown
  ? `The computation returns '${Exclude<keyof V, keyof S> & string}', which is not in the schema of the view.`
  : never;

type Mistyped<V, S extends Fields> = {
  [K in keyof S & keyof V & string]: [V[K]] extends [Returned<S[K][typeof T]['value']> | null]
    ? never
    : `Feature '${K}' must be ${NameOf<S[K][typeof T]['value']>} or null, as its schema says; the computation returns another type.`;
}[keyof S & keyof V & string];

/** What a worker takes for a value: it converts integers and lists of numbers. */
type Returned<Value> =
  | Value
  | (Value extends bigint ? number : never)
  | (Value extends Float32Array ? readonly number[] : never);

type NameOf<Value> = Value extends Float32Array
  ? 'Float32Array'
  : Value extends Date
    ? 'Date'
    : Value extends bigint
      ? 'bigint'
      : Value extends number
        ? 'number'
        : Value extends boolean
          ? 'boolean'
          : Value extends string
            ? 'string'
            : 'JSON';

/** Columns that a source does not declare are not checked. */
type ColumnProblem<Row, Columns> = unknown extends Columns
  ? never
  : unknown extends Row
    ? never
    : string extends keyof Row
      ? never
      : {
          [K in keyof Row & string]: K extends keyof Columns
            ? [Columns[K]] extends [Row[K]]
              ? never
              : `Column '${K}' of the source has another type than the computation reads; use RowOf<typeof source> there.`
            : `The computation reads column '${K}', which the source does not have.`;
        }[keyof Row & string];
