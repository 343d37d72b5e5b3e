import type { JsonInput, JsonInputs } from './json-forms.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import type { T } from '../definition/field.ts';
import type { ProblemDetail } from './predict-batch.ts';

/**
 * A row of `POST /v1/views/{view}/push`: the join keys, the event timestamp and every feature, null for no value; those that
 * the view's `partialPush` covers may be left out. For a view that computes what is pushed, every column of its `pushSource`
 * in place of the features.
 */
export type PushRow<V extends FeatureView> = JsonInputs<V[typeof T]['keys']> & {
  /** With an offset where it is text. */
  readonly event_timestamp: Date | string;
} & {
  readonly [K in keyof V[typeof T]['pushed']]: JsonInput<
    Exclude<V[typeof T]['pushed'][K], null | undefined>
  > | null;
};

/** Body of `POST /v1/views/{view}/push`. */
export interface PushInput<V extends FeatureView> {
  readonly rows: readonly PushRow<V>[];
}

export interface PushOutput {
  readonly accepted: number;
  readonly rejected: readonly {
    /** Place in `rows`. */
    readonly index: number;
    readonly code: string;
    readonly errors: readonly ProblemDetail[];
  }[];
  readonly run_id: string;
}
