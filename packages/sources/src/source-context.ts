/** What opening a source may use. */
export interface SourceContext {
  /** Folder of larder.config.ts: what relative paths are relative to. */
  readonly root: string;
  /** Columns of the entity's join keys, in its order. */
  readonly joinKeys: readonly string[];
  /** Further columns that the view reads. */
  readonly features: readonly string[];
  /**
   * The client of a named connection: made for the first view that asks, shared by the others, closed with all sources.
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
  /** As in the definitions; goes into errors instead of the address, which holds a password. */
  readonly name: string;
  readonly url: string;
  readonly maxConnections: number;
}
