import { brand } from '../definition/brand.ts';
import type { Computed, Fields, Given, Served, T } from '../definition/field.ts';

/** A pure function of what a model gives and of request fields: calibration, a threshold, a decision with its reason. */
export interface PostProcess<
  out Name extends string = string,
  out Takes = unknown,
  out Request = unknown,
  out Gives = unknown,
> {
  readonly kind: 'post_process';
  readonly name: Name;
  /** Outputs of the model that it reads. */
  readonly outputs: Fields;
  readonly request: Fields;
  /** Outputs that it gives instead. */
  readonly schema: Fields;
  readonly compute: (input: {
    readonly outputs: never;
    readonly request: never;
  }) => Readonly<Record<string, unknown>>;
  readonly [T]: {
    readonly name: Name;
    readonly takes: Takes;
    readonly request: Request;
    readonly gives: Gives;
  };
}

export interface PostProcessOptions<O extends Fields, R extends Fields, S extends Fields> {
  /** Outputs of the model that `compute` gets, of the same types as in its `output`. */
  readonly outputs: O;
  /** Fields that the caller sends with the request. */
  readonly request?: R;
  /** What callers get, and the log keeps, as the outputs. */
  readonly schema: S;
  /** Pure and fast: it runs for every row while the request waits. It returns null for no value; a default then replaces it. */
  readonly compute: (input: { readonly outputs: Given<O>; readonly request: Given<R> }) => Computed<S>;
}

/** Defines the post-processing of models. `loadProject` reports its problems, together with all others. */
export function postProcess<
  const N extends string,
  O extends Fields,
  S extends Fields,
  R extends Fields = never,
>(name: N, options: PostProcessOptions<O, R, S>): PostProcess<N, Given<O>, Given<R>, Served<S>> {
  return brand({
    kind: 'post_process',
    name,
    outputs: options.outputs,
    request: options.request ?? {},
    schema: options.schema,
    compute: options.compute,
  }) as unknown as PostProcess<N, Given<O>, Given<R>, Served<S>>;
}
