import type {
  AliasAnswer,
  AliasMoveAnswer,
  ApiKeyAnswer,
  BackfillAnswer,
  BackfillRequest,
  ComparisonAnswer,
  CreateApiKeyBody,
  ErasureReceipt,
  FailuresAnswer,
  FeatureViewAnswer,
  ModelRecordsAnswer,
  ModelVersionAnswer,
  NewApiKeyAnswer,
  MoveStandingAnswer,
  ParityAnswer,
  ProcessesAnswer,
  PutAliasAnswer,
  RotateApiKeyBody,
  Run,
  RunGraphAnswer,
  RunStatus,
  TrainingSetAnswer,
} from '@larder/contracts';
import type { FeatureViewManifest, FieldManifest, JsonValue, Manifest } from '@larder/features';
import type { InspectedEntity, LoggedPredictionJson, PredictionDetailJson } from '@larder/serving';
import type {
  BuildProgress,
  CompareViewsRequest,
  EngineChoice,
  LabelsTaken,
  OutputFormat,
  SpineSource,
  TrainingSetManifest,
  UnknownView,
  UntakenLabel,
} from '@larder/training';
import type { PredictionAnswer } from '../predict/prediction-answer.ts';
import type { ServiceClient } from './remote/service-client.ts';

/**
 * What verbs ask of Larder, in the JSON of the HTTP API. Two implementations answer alike: `direct` works on the stores
 * in this process, `remote` asks a service. A verb loads the parts that it asks, and nothing of the other implementation.
 */
export interface Control {
  /** The service that is asked; null: this process works on the stores. */
  readonly client: ServiceClient | null;
  /** The name of the project. */
  project(): Promise<string>;
  /** The applied definitions; before the first apply the loaded ones. */
  manifest(): Promise<Manifest>;
  runs(): Promise<RunsControl>;
  entities(): Promise<EntitiesControl>;
  fleet(): Promise<FleetControl>;
  models(): Promise<ModelsControl>;
  predictions(): Promise<PredictionsControl>;
  rows(): Promise<RowsControl>;
  apiKeys(): Promise<ApiKeysControl>;
  trainingSets(): Promise<TrainingSetsControl>;
  comparisons(): Promise<ComparisonsControl>;
}

export interface ParityAsked {
  readonly model: string;
  readonly version?: number | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  /** The newest predictions, so many at most. */
  readonly limit: number;
}

export interface Comparing {
  readonly signal: AbortSignal;
  readonly onProgress?: ((progress: BuildProgress) => void) | undefined;
}

export interface ComparisonsControl {
  /** Logged features against those that history gives. @throws MODEL_NOT_FOUND */
  parity(asked: ParityAsked, comparing: Comparing): Promise<ParityAnswer>;
  /** Two versions of a view, and the predictions of a model with either. @throws VIEW_NOT_FOUND */
  views(asked: CompareViewsRequest, comparing: Comparing): Promise<ComparisonAnswer>;
}

export interface TrainingSetAsked {
  /** Of a model, or by reference. */
  readonly features: { readonly model: string } | { readonly references: readonly string[] };
  /** A file is one of this machine. */
  readonly spine: SpineSource;
  readonly time: string | undefined;
  readonly asServed: boolean;
  readonly engine: EngineChoice;
  /** `time:0.8,0.1,0.1` */
  readonly split: string | undefined;
  readonly format: OutputFormat;
}

export interface SetAgain {
  readonly manifest: TrainingSetManifest;
  /** Where its rows are now; undefined: where they were. */
  readonly spine: SpineSource | undefined;
  readonly engine: EngineChoice;
}

export interface BuildingSet {
  /** Where the set goes: complete, or not at all. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: BuildProgress) => void;
}

export interface BuiltSet {
  readonly manifest: TrainingSetManifest;
  /** Views that gave no value to any row. */
  readonly unknown: readonly UnknownView[];
}

/** A set on record. Services do not tell the folder. */
export type ListedSet = Omit<TrainingSetAnswer, 'progress' | 'status'> & {
  readonly status: string;
  readonly folder?: string | undefined;
};

export interface TrainingSetsControl {
  build(asked: TrainingSetAsked, building: BuildingSet): Promise<BuiltSet>;
  buildAgain(again: SetAgain, building: BuildingSet): Promise<BuiltSet>;
  list(query: {
    readonly limit: number;
    readonly model: string | undefined;
  }): Promise<{ readonly sets: readonly ListedSet[]; readonly complete: boolean }>;
  /** @throws TRAINING_SET_NOT_FOUND */
  show(id: string): Promise<ListedSet>;
}

export interface ApiKeysControl {
  /** The newest first; with `all` also those that are not in force. */
  list(all: boolean): Promise<readonly ApiKeyAnswer[]>;
  create(request: CreateApiKeyBody): Promise<NewApiKeyAnswer>;
  /** @throws API_KEY_NOT_FOUND, API_KEY_NOT_IN_FORCE */
  rotate(keyId: string, request: RotateApiKeyBody): Promise<NewApiKeyAnswer>;
  /** @throws API_KEY_NOT_FOUND */
  revoke(keyId: string): Promise<ApiKeyAnswer>;
}

export type RunAction = 'pause' | 'resume' | 'cancel' | 'retry-failed';

export interface RunsControl {
  backfill(request: BackfillRequest): Promise<BackfillAnswer>;
  /** The newest. */
  list(query: RunsListed): Promise<{ readonly runs: Run[]; readonly complete: boolean }>;
  /** @throws RUN_NOT_FOUND */
  get(id: string): Promise<Run>;
  graph(id: string): Promise<RunGraphAnswer>;
  failures(
    id: string,
    page: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<FailuresAnswer>;
  /** @throws RUN_STATE_CONFLICT */
  act(id: string, action: RunAction): Promise<void>;
  /** The run as it changes, until it has ended or the signal comes. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Run>;
}

export interface RunsListed {
  /** A view, or one of its versions: `ad_image@1`. */
  readonly view?: string | undefined;
  readonly status?: RunStatus | undefined;
  readonly limit: number;
}

export interface EntitiesControl {
  /** At most `limit`, without repetitions. @throws ENTITY_NOT_FOUND, VIEW_NOT_FOUND */
  keys(
    entity: string,
    query: { readonly view?: string | undefined; readonly limit: number },
  ): Promise<{ readonly keys: string[]; readonly complete: boolean }>;
  inspect(entity: string, key: string): Promise<InspectedEntity>;
  forget(entity: string, key: string, reason: string | null): Promise<ErasureReceipt>;
  allowAgain(entity: string, key: string, reason: string | null): Promise<ErasureReceipt>;
  receipts(limit: number): Promise<ErasureReceipt[]>;
}

export type ListedView = Pick<
  FeatureViewAnswer,
  'ref' | 'view' | 'version' | 'entity' | 'ttl_ms' | 'next_due_at' | 'freshness' | 'freshness_objective_ms'
> & { readonly schedule: FeatureViewManifest['schedule'] };

export type ListedProcess = ProcessesAnswer['processes'][number];

export interface FleetControl {
  /** Every applied version of a feature view. */
  views(): Promise<ListedView[]>;
  processes(): Promise<ListedProcess[]>;
}

/** An alias as it was when it was read: a move that starts from it is refused once somebody else has moved it. */
export interface SeenAlias {
  readonly model: string;
  readonly alias: string;
  /** Null: there is no such alias. */
  readonly version: number | null;
  /** Names what was read, for the same implementation alone. */
  readonly tag: string | null;
}

export interface ModelRecord {
  /** Newest first, as are the moves. */
  readonly versions: readonly ModelVersionAnswer[];
  readonly aliases: readonly AliasAnswer[];
  readonly moves: readonly AliasMoveAnswer[];
}

export interface MoveRequest {
  readonly version: number;
  /** The version that the alias must be at. */
  readonly from: number | undefined;
  readonly reason: string;
  readonly acceptIncomplete: boolean;
}

/** What the stores answer to a move, which was recorded. */
export type Moved = Omit<PutAliasAnswer, 'move_id'> & { readonly move_id: number };

export interface ModelsControl {
  /** Every model with versions on record. */
  records(): Promise<ModelRecordsAnswer['models']>;
  /** @throws MODEL_NOT_FOUND */
  record(model: string): Promise<ModelRecord>;
  /** @throws MODEL_NOT_FOUND */
  alias(model: string, alias: string): Promise<SeenAlias>;
  mark(
    id: { readonly model: string; readonly version: number },
    as: { readonly mark: 'bad' | 'good'; readonly reason: string },
  ): Promise<void>;
  /** Waits for no process. @throws ALIAS_MOVED, MODEL_VERSION_BAD, MODEL_VERSION_INCOMPLETE */
  move(seen: SeenAlias, request: MoveRequest): Promise<Moved>;
  /** Waits for no process. @throws ALIAS_MOVED, ROLLBACK_IMPOSSIBLE */
  rollback(seen: SeenAlias, reason: string): Promise<Moved>;
  /** @throws ALIAS_NOT_FOUND, ALIAS_MOVED */
  drop(seen: SeenAlias, reason: string): Promise<void>;
  /** Where a move is in force now. */
  standing(move: Moved): Promise<MoveStandingAnswer>;
}

/** A field that callers of a model send. */
export interface InputField {
  readonly name: string;
  readonly field: FieldManifest;
}

export interface ModelInputs {
  readonly joinKeys: readonly InputField[];
  readonly requestFields: readonly InputField[];
}

/** A model, and which of its versions: as `options.version` of the HTTP API names it. */
export interface AskedModel {
  readonly model: string;
  /** A number, or an alias. @default champion */
  readonly version?: string | undefined;
}

export interface PredictAsked extends AskedModel {
  readonly row: { readonly entities: Record<string, JsonValue>; readonly request: Record<string, JsonValue> };
  readonly features: boolean;
  readonly mode: 'live' | 'precomputed' | 'precomputed_or_live' | undefined;
}

export interface Predicted {
  readonly answer: PredictionAnswer;
  /** Of the features, by reference, as far as they are known. */
  fields(): Promise<ReadonlyMap<string, FieldManifest>>;
}

export interface PredictionsFilter {
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly alias?: string | undefined;
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly degraded?: boolean | undefined;
  readonly minOutput?: number | undefined;
  readonly maxOutput?: number | undefined;
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface PredictionsControl {
  /** @throws MODEL_NOT_FOUND, MODEL_NOT_READY */
  inputs(asked: AskedModel): Promise<ModelInputs>;
  /** @throws why the row could not be answered */
  predict(asked: PredictAsked): Promise<Predicted>;
  /** The log, newest first. */
  find(
    filter: PredictionsFilter,
    page: { readonly limit: number; readonly histogram: number | undefined },
  ): Promise<FoundPredictions>;
  /** @throws PREDICTION_NOT_FOUND */
  show(id: string): Promise<PredictionDetailJson>;
}

export interface FoundPredictions {
  readonly predictions: readonly LoggedPredictionJson[];
  readonly cursor: string | null;
  readonly histogram?: {
    readonly edges: readonly number[];
    readonly counts: readonly number[];
    readonly predictions: number;
  };
}

export interface PushedPage {
  readonly what: 'row' | 'event';
  readonly accepted: number;
  /** Of events alone. */
  readonly duplicates: number;
  readonly rejected: readonly RejectedRow[];
  readonly run_id: string;
  /** False: a worker will write them to the online store. */
  readonly online: boolean;
}

export interface RejectedRow {
  readonly index: number;
  readonly code: string;
  readonly errors: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface RowsControl {
  /** Rows of a view, or events of a source: at most 1,000. @throws VIEW_NOT_FOUND */
  push(name: string, rows: readonly Readonly<Record<string, unknown>>[]): Promise<PushedPage>;
  /** At most 1,000; those that cannot be read are refused here. */
  takeLabels(labels: readonly UntakenLabel[]): Promise<LabelsTaken>;
}

export interface PlanAsked {
  readonly prune: boolean;
  readonly sameMeaning: boolean;
}

export interface ApplyAsked extends PlanAsked {
  /** Also what stops something; otherwise a person is asked, where there is one. */
  readonly yes: boolean;
  readonly backfill: boolean;
  readonly promoteWhenComplete: boolean;
  readonly reason: string | undefined;
}
