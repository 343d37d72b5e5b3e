import { eventsManifest } from './events/definition.ts';
import { folderManifest } from './folder/definition.ts';
import { modelManifest } from './model/definition.ts';
import { MODEL_VERSION_COLUMN, PARENTS_COLUMN } from './source-context.ts';
import { sourceKind, type SourceKind } from './source-kind.ts';
import { pushManifest } from './push/definition.ts';
import { canonicalSql } from './sql/canonical-sql.ts';
import { sqlManifest } from './sql/definition.ts';
import { viewsManifest } from './views/definition.ts';

/** Every kind of source, by its name in the manifest. A new kind is a folder and an entry here. */
export const SOURCE_KINDS: ReadonlyMap<string, SourceKind> = new Map([
  [
    'sql',
    sourceKind({
      manifest: sqlManifest,
      exampleUrl: 'postgresql://user:password@host:5432/database',
      canonical: (manifest) => ({ ...manifest, query: canonicalSql(manifest.query) }),
      load: async () => (await import('./sql/open.ts')).openSqlSource,
    }),
  ],
  [
    'folder',
    sourceKind({
      manifest: folderManifest,
      accessColumns: ['path'],
      load: async () => (await import('./folder/open.ts')).openFolderSource,
    }),
  ],
  [
    'views',
    sourceKind({
      manifest: viewsManifest,
      load: async () => (await import('./views/open.ts')).openViewsSource,
    }),
  ],
  [
    'model',
    sourceKind({
      manifest: modelManifest,
      accessColumns: [PARENTS_COLUMN, MODEL_VERSION_COLUMN],
      load: async () => (await import('./model/open.ts')).openModelSource,
    }),
  ],
  [
    'push',
    sourceKind({
      manifest: pushManifest,
      load: async () => (await import('./push/open.ts')).openPushSource,
    }),
  ],
  [
    'events',
    sourceKind({
      manifest: eventsManifest,
      load: async () => (await import('./events/open.ts')).openEventsSource,
    }),
  ],
]);
