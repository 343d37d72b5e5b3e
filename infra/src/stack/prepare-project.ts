import type { Change, Plan } from '@larder/registry';

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
  readonly artifacts: { readonly url: string | null; readonly cacheFolder: string };
  readonly actor: string | undefined;
  /** False: only says what applying would change. */
  readonly apply: boolean;
  /** Applies nothing when something that is served would stop being so, or the project is older than what is applied. */
  readonly refuseDestructive: boolean | undefined;
}

/**
 * Applies the project's definitions. The packages are imported here, so that tests and tools that only need an embedded
 * server do not load them.
 * @throws PROJECT_NOT_LOADABLE, DEFINITION_INVALID, and what applying refuses
 */
export async function prepareProject(options: PrepareOptions): Promise<PreparedProject> {
  const [{ createLogger }, { loadProject }, { createOfflineStore }, registry] = await Promise.all([
    import('@larder/core'),
    import('@larder/features'),
    import('@larder/offline-store'),
    import('@larder/registry'),
  ]);
  const project = await loadProject(options.project);
  const { name, manifest } = project;
  const logger = createLogger('larder-up', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: options.databaseUrl, maxConnections: 2, logger });
  const artifacts = registry.createArtifactStore({ store, ...options.artifacts, logger });
  try {
    if (!options.apply) {
      const { plan } = await registry.planProject({ store, artifacts }, project);
      return { name, changes: [], modelVersions: {}, text: notApplied(plan) };
    }
    const { changes, modelVersions } = await registry.applyProject({ store, artifacts }, project, {
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
    await artifacts.close();
    await store.close();
  }
}

/** What a stack on configured stores says instead of applying. */
function notApplied({ project, appliedId, changes, refusals }: Plan): string {
  if (appliedId === null)
    return `Nothing of project ${project} is applied to this database yet, and nothing was now. To apply it: larder apply, or larder up --apply`;
  if (changes.length + refusals.length === 0) return `Nothing to apply: manifest ${appliedId} matches.`;
  return `Nothing was applied: larder.config.ts differs from manifest ${appliedId}. To see how: larder plan. To apply it: larder apply, or larder up --apply`;
}
