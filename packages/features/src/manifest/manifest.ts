import type { ScheduleManifest } from '../schedule/schedule.ts';
import type { EventSourceManifest } from '../windowed/event-source-manifest.ts';
import type { WindowedManifest } from '../windowed/windowed-manifest.ts';

/**
 * The definitions as versioned JSON: the registry stores it, and every other package works from it.
 * Maps are sorted by key, lists keep the order of definition: a row stores the features of a view in this order.
 * Equal definitions give byte-identical JSON.
 */
export interface Manifest {
  readonly format: 1;
  readonly project: string;
  readonly connections: readonly string[];
  readonly allowed_hosts: readonly string[];
  /** Maximum age of an event timestamp. */
  readonly event_horizon_ms: number;
  readonly entities: Readonly<Record<string, EntityManifest>>;
  /** By name. Absent: none. */
  readonly event_sources?: Readonly<Record<string, EventSourceManifest>>;
  /** By reference: `ad_image@1`. */
  readonly feature_views: Readonly<Record<string, FeatureViewManifest>>;
  readonly on_demand_feature_views: Readonly<Record<string, OnDemandFeatureViewManifest>>;
  readonly models: Readonly<Record<string, ModelManifest>>;
}

export interface FieldManifest {
  readonly name: string;
  readonly type: 'float32' | 'float64' | 'int64' | 'bool' | 'string' | 'timestamp' | 'vector' | 'json';
  readonly length?: number;
  readonly safe?: boolean;
  /** As JSON: int64 as a decimal string unless safe, timestamps ISO 8601, vectors as arrays. Absent: none declared. */
  readonly default?: unknown;
  /** The one value of the join key of an entity without join keys, which nobody sends. Absent: any value. */
  readonly constant?: string;
  /** What the prediction log keeps of the value; a policy, not part of the meaning. Absent: the value itself. */
  readonly sensitive?: 'hashed' | 'omitted';
}

export interface EntityManifest {
  readonly name: string;
  readonly join_keys: readonly FieldManifest[];
}

export interface ArtifactManifest {
  readonly path: string;
  readonly sha256: string;
}

export interface ComputeManifest {
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly artifacts: Readonly<Record<string, ArtifactManifest>>;
  /** Identity of the user's own module (`CodeUnit.identity`), or a bare SHA-256 by an earlier release; null for ready-made computations. */
  readonly code_sha256: string | null;
}

/** Where rows come from, and the columns of their times; all other members belong to the kind (package `sources`). */
export interface SourceManifest {
  readonly kind: string;
  /** Absent for kinds that need none. */
  readonly connection?: string;
  readonly event_timestamp_column: string;
  /** Null: the created timestamp follows from the event timestamp. */
  readonly created_timestamp_column: string | null;
  readonly [option: string]: unknown;
}

/** Keys that the source no longer has end with the next run over all rows. */
export interface WhenGoneManifest {
  /** Share of the keys that one run may end without being held. */
  readonly at_most: number;
}

/** Members that a pushed row may leave out, sorted by name: what becomes of each. */
export type PartialPushManifest = Readonly<Record<string, 'keep' | 'null'>>;

/** Unless the view declares another. */
export const DEFAULT_GONE_AT_MOST = 0.05;

export interface FeatureViewManifest {
  readonly name: string;
  readonly version: number;
  readonly entity: string;
  readonly ttl_ms: number | 'forever';
  readonly schedule: ScheduleManifest | null;
  readonly available_after_ms: number;
  /** Rows per chunk of a run. */
  readonly chunk_rows: number;
  /** Absent: keys that the source no longer has stay. */
  readonly when_gone?: WhenGoneManifest;
  /** How long history is kept, by event time. Absent: forever. */
  readonly retention_ms?: number;
  /** How old the newest that is known of the view may be. Absent: none declared. */
  readonly freshness_objective_ms?: number;
  /** Absent: a pushed row has every member. */
  readonly partial_push?: PartialPushManifest;
  readonly source: SourceManifest;
  readonly schema: readonly FieldManifest[];
  readonly compute: ComputeManifest | null;
  /** Of a windowed feature view. Absent: a plain one. */
  readonly windowed?: WindowedManifest;
  readonly owner: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** SHA-256 over what is immutable per version: schema, entity, source, compute, windows. */
  readonly fingerprint: string;
  /** First 32 bits of a SHA-256 over names, types and lengths of the schema: part of every online row's header. */
  readonly schema_fingerprint: number;
}

/** Features that a model or on-demand view reads from one view, in order. */
export interface InputManifest {
  readonly view: string;
  /** Null for on-demand views. */
  readonly version: number | null;
  readonly features: readonly string[];
  /** Of a model whose artifact takes several inputs: the input that gets them. Absent: its one float32 tensor. */
  readonly tensor?: string;
}

export interface OnDemandFeatureViewManifest {
  readonly name: string;
  /** Present for the post-processing of models: their outputs that it reads. No model or view reads it as a feature. */
  readonly outputs?: readonly FieldManifest[];
  readonly request: readonly FieldManifest[];
  readonly inputs: readonly InputManifest[];
  readonly schema: readonly FieldManifest[];
  /** Identity of what the function reaches in the project's own files; a bare SHA-256 by an earlier release. */
  readonly code_sha256: string;
}

export interface ModelManifest {
  readonly name: string;
  /** In this order → one float32 tensor [N, F], or a tensor for each name; a vector of n takes n columns. */
  readonly inputs: readonly InputManifest[];
  /** What the artifact gives. */
  readonly outputs: readonly FieldManifest[];
  /** Name of the post-processing among the on-demand feature views. Absent: callers get `outputs`. */
  readonly postprocess?: string;
  readonly artifact: ArtifactManifest;
  /** Value in the tensor for a missing feature without a default. */
  readonly missing: 'nan' | number;
  /** While the online store is unavailable: answer from defaults, or 503. */
  readonly when_store_unavailable: 'defaults' | 'fail';
  readonly deadline_ms: number;
  /** How requests are answered that do not say. Absent: `live`. */
  readonly mode?: 'precomputed' | 'precomputed_or_live';
  /** Absent: none declared. */
  readonly budget?: BudgetManifest;
  /** Absent: `DEFAULT_COVERAGE`. */
  readonly coverage?: number;
  /** Absent: none declared. */
  readonly label?: LabelManifest;
  readonly owner: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** Share of the entities that each view of a model must have landed, unless the model declares another. */
export const DEFAULT_COVERAGE = 0.95;

/** Which labels count for a prediction of the model, and what silence means. */
export interface LabelManifest {
  readonly name: string;
  readonly horizon_ms: number;
  readonly on_silence: 'negative' | 'leave_out';
  readonly attribution: 'prediction_id' | { readonly entity: string; readonly window_ms: number };
}

/** Limits that a new version is measured against when it is applied; an absent one is not limited. */
export interface BudgetManifest {
  readonly max_latency_ms?: number;
  readonly max_memory_mb?: number;
}

/** `ad_image@1`: the reference of a feature view version in Redis, PostgreSQL, the API and logs. */
export function viewRef(view: { readonly name: string; readonly version: number }): string {
  return `${view.name}@${view.version}`;
}
