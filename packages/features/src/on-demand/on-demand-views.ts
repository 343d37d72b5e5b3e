import type { FieldValue } from '../definition/field.ts';
import type { FieldManifest, OnDemandFeatureViewManifest } from '../manifest/manifest.ts';

/** Arguments of an on-demand function; declared defaults already replace missing features. */
export interface OnDemandArguments {
  readonly request: Readonly<Record<string, FieldValue>>;
  /** By view name, then feature name. */
  readonly features: Readonly<Record<string, Readonly<Record<string, FieldValue>>>>;
}

/** The function of an on-demand feature view: from the loaded definition, or fetched by its hash. */
export interface OnDemandFunction {
  readonly compute: (given: OnDemandArguments) => unknown;
}

/** The compiled on-demand feature views that some models, or a training set, need. */
export interface OnDemandViews {
  /** In dependency order: a view reads only views before it. */
  readonly views: readonly CompiledOnDemandView[];
  /** Request fields of all views, each once. */
  readonly requestFields: readonly FieldManifest[];
  /** Feature views that the functions read, each once, with the features that any of them reads. */
  readonly storedViews: readonly StoredView[];
}

export interface StoredView {
  /** `ad_image@1` */
  readonly ref: string;
  /** Without the version. */
  readonly name: string;
  readonly features: readonly FieldManifest[];
}

export interface CompiledOnDemandView {
  readonly name: string;
  readonly definition: Pick<OnDemandFeatureViewManifest, 'inputs'>;
  readonly compute: OnDemandFunction['compute'];
  readonly request: readonly RequestInput[];
  readonly stored: readonly StoredInput[];
  readonly computed: readonly ComputedInput[];
  /** Features that the function must return. */
  readonly features: readonly OnDemandFeature[];
  /** True when it reads no stored feature, directly or through other views: equal requests give equal results. */
  readonly requestOnly: boolean;
}

export interface RequestInput {
  readonly name: string;
  /** Place in `OnDemandViews.requestFields`. */
  readonly place: number;
}

/** Features of a feature view that an on-demand function reads. */
export interface StoredInput {
  /** Name for the function: the view's name without the version. */
  readonly name: string;
  /** Place in `OnDemandViews.storedViews`. */
  readonly view: number;
  readonly features: readonly {
    readonly name: string;
    /** Place in `StoredView.features`. */
    readonly place: number;
    /** Null: none declared. */
    readonly defaultValue: FieldValue;
  }[];
}

/** Features of another on-demand feature view that an on-demand function reads. */
export interface ComputedInput {
  readonly name: string;
  /** Place in `OnDemandViews.views`. */
  readonly view: number;
  readonly features: readonly OnDemandFeature[];
}

/** A feature that an on-demand function returns. */
export interface OnDemandFeature {
  readonly name: string;
  readonly field: FieldManifest;
  /** Null: none declared. */
  readonly defaultValue: FieldValue;
}
