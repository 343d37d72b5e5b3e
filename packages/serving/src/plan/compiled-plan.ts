import type {
  EntityManifest,
  FeatureViewManifest,
  FieldManifest,
  FieldValue,
  ModelManifest,
} from '@larder/features';
import type { ReadPlan, TensorDecoder, ValueReader, ViewStatusOf } from '@larder/online-store';

/** Everything that answering one model version needs, looked up and compiled before the first request. */
export interface Plan {
  readonly project: string;
  readonly model: ModelManifest;
  readonly version: number;
  /** Columns of the tensor. */
  readonly width: number;
  readonly joinKeys: readonly InputField[];
  readonly requestFields: readonly InputField[];
  readonly groups: readonly PlanGroup[];
  /** Views of all groups; a view's place here is its place everywhere in the plan. */
  readonly views: readonly PlanView[];
  readonly readPlan: ReadPlan;
  readonly tensorViews: readonly TensorView[];
  /** In dependency order: a step reads only steps before it. */
  readonly steps: readonly OnDemandStep[];
  readonly tensorSteps: readonly TensorStep[];
  /** What `features: true` shows, the model's own features first. */
  readonly shown: readonly ShownFeature[];
}

/** A join key or request field; the caller has to send it. */
export interface InputField {
  readonly name: string;
  readonly field: FieldManifest;
}

/** One entity whose views the model reads. */
export interface PlanGroup {
  readonly entity: EntityManifest;
  /** Places in `Plan.joinKeys`, in the entity's order. */
  readonly joinKeys: readonly number[];
  /** Places in `Plan.views`, in the order of the read plan. */
  readonly views: readonly number[];
}

export interface PlanView {
  readonly ref: string;
  readonly view: FeatureViewManifest;
  readonly group: number;
  /** Place among the group's views. */
  readonly offset: number;
  readonly statusOf: ViewStatusOf;
  /** By status code: why the view's stored values have no part in an answer, `ad_image@1:NOT_FOUND`. */
  readonly reasons: readonly string[];
}

export interface TensorView {
  readonly view: number;
  readonly decoder: TensorDecoder;
  readonly column: number;
}

export interface OnDemandStep {
  readonly name: string;
  readonly compute: (input: OnDemandInput) => unknown;
  readonly request: readonly { readonly name: string; readonly field: number }[];
  readonly views: readonly StepViewInput[];
  readonly steps: readonly StepStepInput[];
  readonly outputs: readonly OutputField[];
  /** True when no feature of an entity is read, also not by a step before it: equal requests give equal results. */
  readonly requestOnly: boolean;
}

/** Features of a view that an on-demand function reads. */
export interface StepViewInput {
  readonly name: string;
  readonly view: number;
  readonly reader: ValueReader;
  /** In the reader's order; null: none declared. */
  readonly defaults: readonly FieldValue[];
}

/** Features of another on-demand view that an on-demand function reads. */
export interface StepStepInput {
  readonly name: string;
  readonly step: number;
  readonly features: readonly OutputField[];
}

export interface OnDemandInput {
  readonly request: Readonly<Record<string, FieldValue>>;
  readonly features: Readonly<Record<string, Readonly<Record<string, FieldValue>>>>;
}

/** A feature that an on-demand function gives. */
export interface OutputField {
  readonly name: string;
  readonly field: FieldManifest;
  /** Null: none declared. */
  readonly defaultValue: FieldValue;
}

export interface TensorStep {
  readonly step: number;
  readonly features: readonly {
    readonly output: OutputField;
    readonly column: number;
    readonly width: number;
  }[];
}

export type ShownFeature =
  | {
      readonly kind: 'view';
      readonly ref: string;
      readonly field: FieldManifest;
      readonly defaultValue: FieldValue;
      readonly view: number;
      readonly reader: ValueReader;
    }
  | { readonly kind: 'step'; readonly ref: string; readonly step: number; readonly output: OutputField }
  | { readonly kind: 'request'; readonly ref: string; readonly field: FieldManifest; readonly place: number };
