import { LarderError } from '@larder/core';
import type { EntityManifest, FeatureViewManifest, LoadedProject } from '@larder/features';
import {
  connectionVariable,
  createFolderSource,
  createSqlConnection,
  createSqlSource,
  type RowSource,
} from '@larder/sources';
import type { Config } from '../config.ts';

export interface OpenSource {
  readonly source: RowSource;
  readonly entity: EntityManifest;
  close(): Promise<void>;
}

/** Where a view's rows come from, as a worker opens it. @throws SOURCE_NOT_CONFIGURED */
export function openSource(
  { connections }: Pick<Config, 'connections'>,
  { manifest, root }: Pick<LoadedProject, 'manifest' | 'root'>,
  view: FeatureViewManifest,
): OpenSource {
  const entity = manifest.entities[view.entity];
  if (entity === undefined) throw new Error(`The manifest has no entity ${view.entity}.`);
  const { source } = view;
  if (source.kind === 'folder')
    return { source: createFolderSource({ source, root }), entity, close: async () => {} };
  const name = source.connection;
  const url = connections[name];
  if (url === undefined)
    throw new LarderError(
      'SOURCE_NOT_CONFIGURED',
      `The connection '${name}' has no address; set ${connectionVariable(name)}.`,
    );
  const connection = createSqlConnection({ name, url, maxConnections: 1 });
  const joinKeys = entity.join_keys.map((joinKey) => joinKey.name);
  const features = view.compute === null ? view.schema.map((field) => field.name) : [];
  return {
    source: createSqlSource({ source, connection, joinKeys, features }),
    entity,
    close: () => connection.close(),
  };
}
