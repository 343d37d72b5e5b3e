import { newId } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { hash } from './registry.ts';

export { test } from './registry.ts';

/** The name of a project that no other test uses. */
export function newProject(): string {
  return `p_${newId().replaceAll('-', '')}`;
}

export interface RecordedVersion {
  readonly complete: boolean;
  readonly collected?: boolean;
}

/** Records further versions of the model `ctr`, as applies would. */
export async function addVersions(
  store: OfflineStore,
  project: string,
  versions: readonly RecordedVersion[],
): Promise<void> {
  for (const { complete, collected = false } of versions)
    await store.pool.query(
      `with applied as (
        insert into larder.manifests (project, manifest, changes, same_meaning, actor)
        values ($1, '{}', '[]', '{}', 'test') returning id)
      insert into larder.model_versions (project, model, version, inputs, outputs, artifact_path, artifact_sha256,
        manifest_id, complete_at, collected_at)
      select $1, 'ctr',
        1 + coalesce((select max(version) from larder.model_versions where project = $1 and model = 'ctr'), 0),
        '[]', '[]', 'models/ctr', $2, id, case when $3 then now() end, case when $4 then now() end
      from applied`,
      [project, hash(newId()), complete, collected],
    );
}
