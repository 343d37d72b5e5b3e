import type {
  CompiledPostProcess,
  EntityManifest,
  FeatureViewManifest,
  FieldManifest,
  FieldValue,
  ModelManifest,
  NamedInputManifest,
  OnDemandFeature,
  OnDemandViews,
} from '@larder/features';
import type { PrecomputedPlan } from '../precomputed/precomputed-plan.ts';
import type { SensitiveFields } from '@larder/offline-store';
import type {
  NullCounter,
  NullReader,
  ReadPlan,
  RowOrNull,
  TensorDecoder,
  ValueReader,
  ViewStatusOf,
} from '@larder/online-store';

/** Everything needed to answer for one model version, resolved and compiled before the first request. */
export interface CompiledPlan {
  readonly project: string;
  readonly model: ModelManifest;
  readonly version: number;
  /** Columns of the tensor. */
  readonly width: number;
  readonly joinKeys: readonly InputField[];
  readonly requestFields: readonly InputField[];
  readonly groups: readonly PlanGroup[];
  /** Views of all groups; a view has this index everywhere in the plan. */
  readonly views: readonly PlanView[];
  readonly readPlan: ReadPlan;
  /** Null: no predictions of the model are computed ahead. */
  readonly precomputed: PrecomputedPlan | null;
  /** What goes into the one float32 tensor; empty where `tensors` says more. */
  readonly tensorViews: readonly TensorView[];
  /** Of a model with named inputs, in the order of the definition; null: one float32 tensor. */
  readonly tensors: readonly PlanTensor[] | null;
  readonly onDemand: OnDemandViews;
  /** Indexed like `OnDemandViews.storedViews`. */
  readonly storedReaders: readonly StoredReader[];
  readonly onDemandColumns: readonly OnDemandColumn[];
  /** Null: callers get the artifact's outputs. */
  readonly postprocess: PlanPostProcess | null;
  /** Features that `features: true` shows, the model's own first. */
  readonly shown: readonly ShownFeature[];
  /** The on-demand features among them, with their places there. */
  readonly shownOnDemand: readonly {
    readonly place: number;
    /** Index in `OnDemandViews.views`. */
    readonly view: number;
    readonly name: string;
  }[];
  /** Columns of the tensor that the log keeps by value. */
  readonly logged: LoggedColumns;
}

export interface LoggedColumns {
  /** Runs of adjacent columns, `start` to `end` (exclusive). */
  readonly runs: readonly { readonly start: number; readonly end: number }[];
  /** Number of columns in all runs. */
  readonly scalars: number;
  readonly sensitive: SensitiveFields | null;
}

/** The features of a view whose default may be used. */
export interface DefaultedFeatures {
  /** References, all of them used when the view's row is not: `ad_image@1:brightness`. */
  readonly all: readonly string[];
  /** Names of those that are null in a row. */
  readonly nullsOf: NullReader;
}

export interface PlanPostProcess extends CompiledPostProcess {
  /** Places of its request fields in `CompiledPlan.requestFields`. */
  readonly requestPlaces: readonly number[];
}

/** A join key or request field, which the caller must send. */
export interface InputField {
  readonly name: string;
  readonly field: FieldManifest;
}

/** One entity whose views the model reads. */
export interface PlanGroup {
  readonly entity: EntityManifest;
  /** Indexes in `CompiledPlan.joinKeys`, in the entity's order; -1 for the key that is the same everywhere. */
  readonly joinKeys: readonly number[];
  /** Indexes in `CompiledPlan.views`, in the order of the read plan. */
  readonly views: readonly number[];
}

export interface PlanView {
  readonly ref: string;
  readonly view: FeatureViewManifest;
  readonly group: number;
  /** Index in the group's views. */
  readonly offset: number;
  readonly statusOf: ViewStatusOf;
  /** Used for an entity without a row; null: it is not found. */
  readonly rowIfAbsent: RowOrNull;
  /** Reason by status code why the view's stored values are not used: `ad_image@1:NOT_FOUND`. */
  readonly reasons: readonly string[];
  readonly defaulted: DefaultedFeatures;
  /** Counts nulls of the view's features at their places in `CompiledPlan.shown`. */
  readonly countNulls: NullCounter;
}

export interface TensorView {
  readonly view: number;
  readonly decoder: TensorDecoder;
  readonly column: number;
}

/** The columns of one named input. */
export interface PlanTensor extends NamedInputManifest {
  readonly columns: readonly TypedColumn[];
}

/** A feature and its columns in a named input. */
export interface TypedColumn {
  readonly column: number;
  readonly width: number;
  readonly defaultValue: FieldValue;
  /** Index in `CompiledPlan.views`, or in `OnDemandViews.views`. */
  readonly view: number;
  /** Null: an on-demand feature. */
  readonly reader: ValueReader | null;
  /** Of an on-demand feature. */
  readonly name: string;
}

/** A feature view that on-demand functions read, with a reader for the features that they use. */
export interface StoredReader {
  /** Index in `CompiledPlan.views`. */
  readonly view: number;
  readonly reader: ValueReader;
}

/** A feature of an on-demand feature view in the tensor. */
export interface OnDemandColumn {
  /** Index in `OnDemandViews.views`. */
  readonly view: number;
  readonly feature: OnDemandFeature;
  readonly column: number;
  readonly width: number;
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
  | {
      readonly kind: 'on_demand';
      readonly ref: string;
      /** Index in `OnDemandViews.views`. */
      readonly view: number;
      readonly feature: OnDemandFeature;
    }
  | { readonly kind: 'request'; readonly ref: string; readonly field: FieldManifest; readonly place: number };
