import type { FieldManifest, InputManifest } from '@larder/features';
import type { RegistryStore } from '../registry-store.ts';
import type { ModelContent } from './model-content.ts';
import type { ModelVersion, ModelVersionDetails } from './read-model-versions.ts';

/** What plan and apply compare with. */
export type NewestVersion = Pick<
  ModelVersion & ModelVersionDetails,
  | 'model'
  | 'version'
  | 'inputs'
  | 'outputs'
  | 'artifactPath'
  | 'artifactSha256'
  | 'createdAt'
  | 'measured'
  | 'manifestId'
> & {
  /** Null: registered by a release that published none. */
  readonly content: ModelContent | null;
};

/** The newest version of a model; null when the model was never applied. */
export async function modelVersion(
  store: RegistryStore,
  project: string,
  model: string,
): Promise<NewestVersion | null> {
  return (await newestModelVersions(store, project, model)).get(model) ?? null;
}

/** The newest version of each model of a project, or of one of them. */
export async function newestModelVersions(
  store: RegistryStore,
  project: string,
  model?: string,
): Promise<Map<string, NewestVersion>> {
  const rows = await store.db
    .selectFrom('larder.model_versions')
    .distinctOn('model')
    .selectAll()
    .where('project', '=', project)
    .where((eb) => (model === undefined ? eb.lit(true) : eb('model', '=', model)))
    .orderBy('model')
    .orderBy('version', 'desc')
    .execute();
  return new Map(
    rows.map((row) => [
      row.model,
      {
        model: row.model,
        version: row.version,
        inputs: row.inputs as readonly InputManifest[],
        outputs: row.outputs as readonly FieldManifest[],
        artifactPath: row.artifact_path,
        artifactSha256: row.artifact_sha256,
        createdAt: row.created_at,
        manifestId: row.manifest_id,
        // the columns are younger than the table: plan reads older databases too
        content: (row.content ?? null) as ModelContent | null,
        measured: row.measured ?? null,
      },
    ]),
  );
}
