import type { ModelContent } from './model-content.ts';
import type { ModelVersionId } from './read-model-versions.ts';
import type { NewestVersion } from './newest-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';

/** A version that a configuration is compared with. */
export type RecordedVersion = Pick<
  NewestVersion,
  'model' | 'version' | 'inputs' | 'outputs' | 'artifactSha256'
> & {
  /** Null: registered by a release that published none. */
  readonly content: ModelContent | null;
  /** The apply that registered it. */
  readonly manifestId: number;
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
  return rows.map(recordedVersion);
}

export async function findRecordedVersion(
  store: RegistryStore,
  { project, model, version }: ModelVersionId,
): Promise<RecordedVersion | null> {
  const row = await store.db
    .selectFrom('larder.model_versions')
    .selectAll()
    .where('project', '=', project)
    .where('model', '=', model)
    .where('version', '=', version)
    .executeTakeFirst();
  return row === undefined ? null : recordedVersion(row);
}

interface RecordedRow {
  readonly model: string;
  readonly version: number;
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly artifact_sha256: string;
  readonly manifest_id: number;
  /** Younger than the table: plan reads older databases too. */
  readonly content?: unknown;
}

function recordedVersion(row: RecordedRow): RecordedVersion {
  return {
    model: row.model,
    version: row.version,
    inputs: row.inputs as RecordedVersion['inputs'],
    outputs: row.outputs as RecordedVersion['outputs'],
    artifactSha256: row.artifact_sha256,
    manifestId: row.manifest_id,
    content: (row.content ?? null) as ModelContent | null,
  };
}
