import { LarderError } from '@larder/core';
import {
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type LoadedProject,
  type Manifest,
} from '@larder/features';
import type { EventTimes, HistoryProject } from '@larder/offline-store';
import type { LoadedView } from '../runs/index.ts';
import {
  connectionVariable,
  createFolderSource,
  createSqlConnection,
  createSqlSource,
  type RowSource,
  type SqlConnection,
} from '@larder/sources';

/** A view version whose code this process has, with what materializing it needs. */
export interface MaterializedView {
  readonly ref: string;
  /** As loaded, with the applied policies (TTL, schedule). */
  readonly manifest: FeatureViewManifest;
  readonly entity: EntityManifest;
}

export interface LoadedViews {
  /** Name and entities, for history. */
  readonly project: HistoryProject;
  /** As applied; as loaded while nothing is. */
  eventTimes(): EventTimes;
  /** For claiming: other processes take what is not among them. */
  claimable(): readonly LoadedView[];
  /** Undefined when this process lacks the version, or has it with another fingerprint. */
  find(run: LoadedView): MaterializedView | undefined;
  all(): readonly MaterializedView[];
  /** @throws SOURCE_NOT_CONFIGURED */
  source(view: MaterializedView): RowSource;
  close(): Promise<void>;
}

export interface LoadedViewsOptions {
  readonly project: LoadedProject;
  /** What is applied now; its policies count from the next chunk on. Null: nothing is applied yet. */
  readonly applied: () => Manifest | null;
  /** Addresses by connection name. */
  readonly connections: Readonly<Record<string, string>>;
  readonly slots: number;
}

export function createLoadedViews(options: LoadedViewsOptions): LoadedViews {
  const { manifest } = options.project;
  const connections = new Map<string, SqlConnection>();
  const sources = new Map<string, RowSource>();

  const all = (): MaterializedView[] =>
    Object.values(manifest.feature_views).map((loaded) => {
      const ref = viewRef(loaded);
      const entity = manifest.entities[loaded.entity];
      if (!entity) throw new Error(`The manifest has ${ref} but not its entity ${loaded.entity}.`);
      const applied = options.applied()?.feature_views[ref];
      return { ref, manifest: applied?.fingerprint === loaded.fingerprint ? applied : loaded, entity };
    });

  function connect(name: string): SqlConnection {
    let connection = connections.get(name);
    if (!connection) {
      const url = options.connections[name];
      if (url === undefined)
        throw new LarderError(
          'SOURCE_NOT_CONFIGURED',
          `The connection '${name}' has no address in this worker; set ${connectionVariable(name)}.`,
        );
      // Reading is a short part of a chunk; planning goes on beside it.
      connection = createSqlConnection({ name, url, maxConnections: options.slots + 1 });
      connections.set(name, connection);
    }
    return connection;
  }

  function open({ manifest: view, entity }: MaterializedView): RowSource {
    if (view.source.kind === 'folder')
      return createFolderSource({ source: view.source, root: options.project.root });
    return createSqlSource({
      source: view.source,
      connection: connect(view.source.connection),
      joinKeys: entity.join_keys.map((joinKey) => joinKey.name),
      // A computation may read any column; without one the features are the columns.
      features: view.compute === null ? view.schema.map((field) => field.name) : [],
    });
  }

  return {
    project: manifest,
    eventTimes: () => options.applied() ?? manifest,
    all,
    claimable: () =>
      all().map(({ manifest: { name, version, fingerprint } }) => ({ view: name, version, fingerprint })),
    find: (run) =>
      all().find(
        ({ manifest: { name, version, fingerprint } }) =>
          name === run.view && version === run.version && fingerprint === run.fingerprint,
      ),
    source(view) {
      const source = sources.get(view.ref) ?? open(view);
      sources.set(view.ref, source);
      return source;
    },
    async close() {
      for (const connection of connections.values()) await connection.close();
    },
  };
}
