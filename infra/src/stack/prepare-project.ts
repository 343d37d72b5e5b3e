import type { Change } from '@larder/registry';

export interface PreparedProject {
  /** The project's name. */
  readonly name: string;
  /** What applying changed; empty when everything was already applied. */
  readonly changes: readonly Change[];
  /** Newest version of each model. */
  readonly modelVersions: Readonly<Record<string, number>>;
  /** Summary in one line. */
  readonly text: string;
}

export interface PrepareOptions {
  readonly project: string;
  readonly databaseUrl: string;
  readonly actor: string | undefined;
  /** Applies nothing when something that is served or filled today would stop being so. */
  readonly refuseDestructive: boolean | undefined;
}

/**
 * Migrates the database and applies the project's definitions. The packages are imported here, so that tests and
 * tools that only need an embedded server do not load them.
 * @throws PROJECT_NOT_LOADABLE, DEFINITION_INVALID, VIEW_VERSION_IMMUTABLE, CODE_CHANGED, DESTRUCTIVE_CHANGE
 */
export async function prepareProject(options: PrepareOptions): Promise<PreparedProject> {
  const [{ createLogger }, { loadProject }, { createOfflineStore, migrate }, { applyManifest }] =
    await Promise.all([
      import('@larder/core'),
      import('@larder/features'),
      import('@larder/offline-store'),
      import('@larder/registry'),
    ]);
  const { name, manifest } = await loadProject(options.project);
  const logger = createLogger('larder-up', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: options.databaseUrl, maxConnections: 2, logger });
  try {
    await migrate(store);
    const { changes, modelVersions } = await applyManifest(store, manifest, {
      actor: options.actor ?? 'larder up',
      refuseDestructive: options.refuseDestructive,
    });
    const views = Object.keys(manifest.feature_views).length;
    const models = Object.entries(modelVersions).map(([model, version]) => `${model} version ${version}`);
    const what = `project ${name}: ${views} ${views === 1 ? 'view' : 'views'}${models.length > 0 ? `, ${models.join(', ')}` : ''}`;
    return {
      name,
      changes,
      modelVersions,
      text: changes.length > 0 ? `Applied ${what}.` : `Nothing to apply in ${what}.`,
    };
  } finally {
    await store.close();
  }
}
