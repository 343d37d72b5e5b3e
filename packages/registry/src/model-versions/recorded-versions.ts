import type { ModelContent } from './model-content.ts';
import type { NewestVersion } from './newest-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';

/** A version that a configuration is compared with. */
export type RecordedVersion = Pick<
  NewestVersion,
  'model' | 'version' | 'inputs' | 'outputs' | 'artifactSha256'
> & {
  /** Null: registered by a release that published none. */
  readonly content: ModelContent | null;
};

/** Every version of the project with one of these artifacts, newest first: which of them a model may be again. */
export async function versionsWithArtifacts(
  store: RegistryStore,
  project: string,
  artifacts: readonly string[],
): Promise<RecordedVersion[]> {
  if (artifacts.length === 0) return [];
  const rows = await store.db
    .selectFrom('larder.model_versions')
    .selectAll()
    .where('project', '=', project)
    .where('artifact_sha256', 'in', artifacts)
    .orderBy('version', 'desc')
    .execute();
  return rows.map((row) => ({
    model: row.model,
    version: row.version,
    inputs: row.inputs as RecordedVersion['inputs'],
    outputs: row.outputs as RecordedVersion['outputs'],
    artifactSha256: row.artifact_sha256,
    // the column is younger than the table: plan reads older databases too
    content: (row.content ?? null) as ModelContent | null,
  }));
}
