import { fingerprint, type Manifest, type ServedView } from '@larder/features';
import { viewsInService } from './aliases/views-in-service.ts';
import { appliedManifest, type AppliedManifest } from './applied/applied-manifest.ts';
import { NO_LINEAGE, readLineage, type Lineage } from './applied/lineage.ts';
import { newestModelVersions, type NewestVersion } from './model-versions/newest-model-versions.ts';
import { versionsWithArtifacts, type RecordedVersion } from './model-versions/recorded-versions.ts';
import type { RegistryStore } from './registry-store.ts';
import type { ViewDefinition } from './plan/view-definition.ts';

/** What the registry knows of a project before an apply. */
export interface RegistryState {
  readonly applied: AppliedManifest | null;
  readonly lineage: Lineage;
  /** By reference; every version that was ever applied. */
  readonly viewDefinitions: ReadonlyMap<string, ViewDefinition>;
  /** The newest version of each model, also of removed ones. */
  readonly modelVersions: ReadonlyMap<string, NewestVersion>;
  /** Versions with an artifact of the configuration, newest first. */
  readonly sameArtifacts: readonly RecordedVersion[];
  readonly inService: readonly ServedView[];
}

export const NOTHING_APPLIED: RegistryState = {
  applied: null,
  lineage: NO_LINEAGE,
  viewDefinitions: new Map(),
  modelVersions: new Map(),
  sameArtifacts: [],
  inService: [],
};

/**
 * @param config the configuration that is compared with it
 * @param hasLineage false: the database is of a release that kept none
 */
export async function readRegistryState(
  store: RegistryStore,
  config: Manifest,
  hasLineage = true,
): Promise<RegistryState> {
  const { project } = config;
  const applied = await appliedManifest(store, project);
  const lineage =
    applied !== null && hasLineage
      ? await readLineage(store, { appliedId: applied.id, project, digest: digestOf(config) })
      : NO_LINEAGE;
  const views = await store.db
    .selectFrom('larder.view_versions')
    .select(['view', 'version', 'definition'])
    .where('project', '=', project)
    .execute();
  const modelVersions = await newestModelVersions(store, project);
  const artifacts = [...new Set(Object.values(config.models).map(({ artifact }) => artifact.sha256))];
  return {
    applied,
    lineage,
    viewDefinitions: new Map(
      views.map((row) => [`${row.view}@${row.version}`, row.definition as ViewDefinition]),
    ),
    modelVersions,
    sameArtifacts: await versionsWithArtifacts(store, project, artifacts),
    inService: hasLineage ? await viewsInService(store, project) : [],
  };
}

/** Of the configuration itself, before anything is carried over: equal configurations have equal digests. */
export function digestOf(config: Manifest): string {
  return fingerprint(config);
}
