import type { FieldManifest } from '@larder/features';

/** Context for opening a source. */
export interface SourceContext {
  /** Folder of larder.config.ts; base of relative paths. */
  readonly root: string;
  /** Columns of the entity's join keys, in its order. */
  readonly joinKeys: readonly string[];
  /** Other columns that the view reads, and what it declares them as. */
  readonly features: readonly Pick<FieldManifest, 'name' | 'type'>[];
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
