import { LarderError } from '@larder/core';
import type { EntityManifest, FeatureViewManifest } from '@larder/features';
import { connectionVariable } from './connection-variable.ts';
import type { RowSource } from './row-source.ts';
import type { OpenHistory, OpenModelRows, SourceClient, SourceContext } from './source-context.ts';
import { SOURCE_KINDS } from './source-kinds.ts';

export interface SourcesOptions {
  /** Folder of larder.config.ts. */
  readonly root: string;
  /** Addresses by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  /** Most connections to one address. */
  readonly maxConnections: number;
  /** For views that read other views. @default they cannot be read here */
  readonly history?: OpenHistory;
  /** For precomputed predictions. @default they cannot be computed here */
  readonly modelRows?: OpenModelRows;
}

/** The sources of a process; views on one connection share its client. */
export interface Sources {
  /**
   * The source of a view. No connection is made before it is read.
   * @throws SOURCE_NOT_CONFIGURED when its connection has no address here, MANIFEST_INVALID
   */
  open(
    view: Pick<FeatureViewManifest, 'source' | 'schema' | 'compute'>,
    entity: EntityManifest,
  ): Promise<RowSource>;
  /** Waits for reads in progress. */
  close(): Promise<void>;
}

/** The only place that opens sources, of every kind, for worker, CLI and service. */
export function createSources(options: SourcesOptions): Sources {
  const { root, connections, maxConnections, history, modelRows } = options;
  const clients = new Map<string, SourceClient>();

  const connectAs =
    (kind: string): SourceContext['connect'] =>
    (name, create) => {
      const url = Object.hasOwn(connections, name) ? connections[name] : undefined;
      if (url === undefined)
        throw new LarderError(
          'SOURCE_NOT_CONFIGURED',
          `The connection '${name}' has no address in this process; set ${connectionVariable(name)}.`,
        );
      const key = `${kind} ${name}`;
      const client = clients.get(key) ?? create({ name, url, maxConnections });
      clients.set(key, client);
      return client as ReturnType<typeof create>;
    };

  return {
    async open({ source, schema, compute }, entity) {
      const kind = SOURCE_KINDS.get(source.kind);
      if (kind === undefined)
        throw new LarderError(
          'MANIFEST_INVALID',
          `This version of Larder has no source of kind '${source.kind}'; known kinds: ${[...SOURCE_KINDS.keys()].join(', ')}.`,
        );
      return kind.open(source, {
        root,
        joinKeys: entity.join_keys.map((joinKey) => joinKey.name),
        constantKeys: Object.fromEntries(
          entity.join_keys.flatMap(({ name, constant }) =>
            constant === undefined ? [] : [[name, constant]],
          ),
        ),
        // A computation may read any column; without one the features are the columns.
        features: compute === null ? schema : [],
        history: history ?? null,
        modelRows: modelRows ?? null,
        connect: connectAs(source.kind),
      });
    },
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
