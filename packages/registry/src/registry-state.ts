import { appliedManifest, type AppliedManifest } from './applied/applied-manifest.ts';
import { newestModelVersions, type NewestVersion } from './model-versions/newest-model-versions.ts';
import type { RegistryStore } from './registry-store.ts';
import type { ViewDefinition } from './plan/view-definition.ts';

/** What the registry knows of a project before an apply. */
export interface RegistryState {
  readonly applied: AppliedManifest | null;
  /** By reference; every version that was ever applied. */
  readonly viewDefinitions: ReadonlyMap<string, ViewDefinition>;
  /** The newest version of each model, also of removed ones. */
  readonly modelVersions: ReadonlyMap<string, NewestVersion>;
}

export async function readRegistryState(store: RegistryStore, project: string): Promise<RegistryState> {
  const applied = await appliedManifest(store, project);
  const views = await store.db
    .selectFrom('larder.view_versions')
    .select(['view', 'version', 'definition'])
    .where('project', '=', project)
    .execute();
  const modelVersions = await newestModelVersions(store, project);
  return {
    applied,
    viewDefinitions: new Map(
      views.map((row) => [`${row.view}@${row.version}`, row.definition as ViewDefinition]),
    ),
    modelVersions,
  };
}
