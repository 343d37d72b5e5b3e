import type { Duration } from '@larder/core';
import type { Artifact } from '../artifact/artifact.ts';
import { brand } from './brand.ts';
import { durationMsOrNaN } from './duration-option.ts';
import type { Fields, Given, T } from './field.ts';
import type { ModelLabel } from './model-label.ts';
import type { FeatureInput } from './pick.ts';
import type { PostProcess } from '../post-process/post-process.ts';
import type { Agreeing, KeysOf, Merge, Provider, RequestOf } from './provider.ts';

/** A model: ordered features that fill one tensor, an artifact that runs on it, and its outputs. */
export interface Model<out Name extends string = string, out Input = unknown, out Output = unknown> {
  readonly kind: 'model';
  readonly name: Name;
  /** All of them, in order. */
  readonly inputs: readonly FeatureInput[];
  /** Of a model whose artifact takes several inputs: which of `inputs` go into each; null: all into one float32 tensor. */
  readonly tensors: Readonly<Record<string, readonly FeatureInput[]>> | null;
  /** What the artifact gives. */
  readonly output: Fields;
  readonly postprocess: PostProcess | null;
  readonly artifact: Artifact;
  readonly missing: 'nan' | number;
  readonly whenStoreUnavailable: 'defaults' | 'fail';
  /** As written; Larder uses `deadlineMs`. */
  readonly deadline: Duration;
  readonly deadlineMs: number;
  readonly mode: PredictMode;
  readonly budget: ModelBudget | null;
  readonly coverage: number | null;
  readonly label: ModelLabel | null;
  readonly owner: string | null;
  readonly tags: Readonly<Record<string, string>>;
  readonly [T]: { readonly input: Input; readonly output: Output };
}

/**
 * Where an answer comes from: the model, as the request waits; a prediction that was computed ahead, or an error; or the
 * latter with the model in its place when there is none that can be used.
 */
export type PredictMode = 'live' | 'precomputed' | 'precomputed_or_live';

/** What one version may cost. `apply` measures it and refuses what is above. */
export interface ModelBudget {
  /** Of one row on the machine that applies, 99th percentile. */
  readonly maxLatencyMs?: number;
  /** Memory that the loaded model takes in a process. */
  readonly maxMemoryMb?: number;
}

/** What the artifact takes: features for one float32 tensor, or for several inputs of its own types. */
export type ModelInputs<P extends readonly Provider[], I extends NamedProviders> =
  | {
      /** In this order → one float32 tensor [N, F]; a vector of n takes n columns. */
      readonly features: Agreeing<P>;
      readonly inputs?: never;
    }
  | {
      /**
       * By the names of the artifact's inputs, in this order → a tensor [N, F] for each, of the type that the file declares:
       * float32, float64, int64, bool or string.
       */
      readonly inputs: I & AgreeingInputs<I>;
      readonly features?: never;
    };

export type NamedProviders = Readonly<Record<string, readonly Provider[]>>;

/** Nothing when every join key and request field has one type in all inputs, else a sentence. */
type AgreeingInputs<I extends NamedProviders> =
  Agreeing<readonly I[keyof I][number][]> extends string ? Agreeing<readonly I[keyof I][number][]> : unknown;

export interface ModelOptions<O extends Fields, PP extends PostProcess> {
  /** What the artifact gives, one number per row and field. */
  readonly output: O;
  /** Turns them into what callers get. @default none: they get `output` */
  readonly postprocess?: PP & TakesOutputsOf<PP, O>;
  readonly artifact: Artifact;
  /** Value in the tensor for a missing feature without a default. @default 'nan' */
  readonly missing?: 'nan' | number;
  /** While the online store is unavailable: answer from defaults, or 503. @default 'fail' */
  readonly whenStoreUnavailable?: 'defaults' | 'fail';
  /** Time limit of a request that does not set its own. @default '100ms' */
  readonly deadline?: Duration;
  /** How requests are answered that do not say. @default 'live' */
  readonly mode?: PredictMode;
  /** Limits that `apply` measures a new version against. @default none */
  readonly budget?: ModelBudget;
  /**
   * Share of the entities, from 0 to 1, that each view must have landed before a new version is complete and may be served
   * by default. @default 0.95
   */
  readonly coverage?: number;
  /** The outcome that it predicts, for training sets from logged predictions. @default none */
  readonly label?: ModelLabel;
  readonly owner?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Nothing when the model has every output that the post-processing reads, else a sentence. */
type TakesOutputsOf<PP extends PostProcess, O extends Fields> = [PP] extends [never]
  ? unknown
  : Given<O> extends PP[typeof T]['takes']
    ? unknown
    : `The post-processing reads outputs that the model does not have, or that have another type there.`;

type OutputOf<O extends Fields, PP extends PostProcess> = [PP] extends [never]
  ? Given<O>
  : PP[typeof T]['gives'];

type KeysOfAll<P extends readonly Provider[], I extends NamedProviders> = KeysOf<P> | KeysOf<I[keyof I]>;
type RequestOfAll<P extends readonly Provider[], I extends NamedProviders> =
  | RequestOf<P>
  | RequestOf<I[keyof I]>;

type InputOf<Keys, Request> = keyof Merge<Request> extends never
  ? { readonly entities: Merge<Keys> }
  : { readonly entities: Merge<Keys>; readonly request: Merge<Request> };

/** Defines a model. `loadProject` reports its problems, together with all others. */
export function model<
  const N extends string,
  O extends Fields,
  PP extends PostProcess = never,
  const P extends readonly Provider[] = readonly [],
  const I extends NamedProviders = {},
>(
  name: N,
  options: ModelOptions<O, PP> & ModelInputs<P, I>,
): Model<N, InputOf<KeysOfAll<P, I>, RequestOfAll<P, I> | PP[typeof T]['request']>, OutputOf<O, PP>> {
  const deadline = options.deadline ?? '100ms';
  return brand({
    kind: 'model',
    name,
    inputs: inputsOf(options),
    tensors: options.inputs ?? null,
    output: options.output,
    postprocess: options.postprocess ?? null,
    artifact: options.artifact,
    missing: options.missing ?? 'nan',
    whenStoreUnavailable: options.whenStoreUnavailable ?? 'fail',
    deadline,
    deadlineMs: durationMsOrNaN(deadline),
    mode: options.mode ?? 'live',
    budget: options.budget ?? null,
    coverage: options.coverage ?? null,
    label: options.label ?? null,
    owner: options.owner ?? null,
    tags: options.tags ?? {},
  }) as unknown as Model<
    N,
    InputOf<KeysOfAll<P, I>, RequestOfAll<P, I> | PP[typeof T]['request']>,
    OutputOf<O, PP>
  >;
}

// Anything but lists is left unchanged; validation reports it.
function inputsOf({ features, inputs }: { readonly features?: unknown; readonly inputs?: unknown }) {
  if (typeof inputs !== 'object' || inputs === null) return features as readonly FeatureInput[];
  return Object.values(inputs as Record<string, readonly FeatureInput[]>).flat();
}

/** Exactly the join keys and request fields that a model's features need, as the HTTP body groups them. */
export type PredictInput<M extends Model> = M[typeof T]['input'];

export type PredictOutput<M extends Model> = M[typeof T]['output'];

/** The features of a view by name; null where one without a default may be missing. */
export type FeaturesOf<P extends Provider> = P[typeof T]['gives'];
