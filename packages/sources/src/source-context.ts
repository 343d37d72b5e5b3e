import type { FieldManifest, InputManifest } from '@larder/features';
import type { RowSource } from './row-source.ts';

/** Context for opening a source. */
export interface SourceContext {
  /** Folder of larder.config.ts; base of relative paths. */
  readonly root: string;
  /** Columns of the entity's join keys, in its order. */
  readonly joinKeys: readonly string[];
  /** Columns of a key that is the same everywhere, by name: the source need not give them. */
  readonly constantKeys?: Readonly<Record<string, string>>;
  /** Other columns that the view reads, and what it declares them as. */
  readonly features: readonly Pick<FieldManifest, 'name' | 'type'>[];
  /** Opens what a view reads from other views. Null: this process reads no history. */
  readonly history: OpenHistory | null;
  /** Opens what a view reads for the predictions of a model. Null: this process computes none. */
  readonly modelRows: OpenModelRows | null;
  /**
   * The client of a named connection: created for the first view that asks, shared by the others, closed with the sources.
   * @throws SOURCE_NOT_CONFIGURED
   */
  connect<Client extends SourceClient>(
    connection: string,
    create: (address: ConnectionAddress) => Client,
  ): Client;
}

export interface SourceClient {
  close(): Promise<void>;
}

export interface ConnectionAddress {
  /** Name in the definitions; errors show it instead of the address, which holds a password. */
  readonly name: string;
  readonly url: string;
  readonly maxConnections: number;
}

/** The newest rows of other views, in history. */
export interface HistoryRequest {
  /** Views of one entity, and the features that a row has, in order. */
  readonly views: readonly (InputManifest & { readonly version: number })[];
  /** Whether a key has a row when all views have one for it, or when any has. */
  readonly require: 'all' | 'any';
  /** Version of the model for whose predictions the rows are read: a row has `PARENTS_COLUMN` and this version. Absent: a column for each feature. */
  readonly modelVersion?: number;
}

/**
 * Columns that no source of a user can have. By the name of a view, its row, or null: `{ values, eventTimestampMs }`, where a
 * value is null that a reader would replace by its default.
 */
export const PARENTS_COLUMN = '@views';
export const MODEL_VERSION_COLUMN = '@model_version';

/** The rows that the live version of a model reads. */
export type OpenModelRows = (model: string) => Promise<RowSource>;

export type OpenHistory = (request: HistoryRequest) => RowSource;
