import type {
  AliasAnswer,
  AliasMoveAnswer,
  BackfillAnswer,
  BackfillRequest,
  ErasureReceipt,
  FailuresAnswer,
  FeatureViewAnswer,
  ModelRecordsAnswer,
  ModelVersionAnswer,
  MoveStandingAnswer,
  ProcessesAnswer,
  PutAliasAnswer,
  Run,
  RunGraphAnswer,
  RunStatus,
} from '@larder/contracts';
import type { FeatureViewManifest, Manifest } from '@larder/features';
import type { InspectedEntity } from '@larder/serving';
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
