import type { Manifest } from '@larder/features';
import { recordAudit, type StoreTransaction } from '@larder/offline-store';
import { contentOf } from '../model-versions/content-of.ts';
import type { Comparison } from '../plan/plan-manifest.ts';
import { viewDefinition } from '../plan/view-definition.ts';
import { digestOf, type RegistryState } from '../registry-state.ts';
import type { ApplyOptions } from './apply-manifest.ts';

export interface Applying {
  readonly state: RegistryState;
  readonly config: Manifest;
  readonly comparison: Comparison;
  readonly options: ApplyOptions;
}

export async function insertManifest(
  tx: StoreTransaction,
  { state, config, comparison, options }: Applying,
): Promise<number> {
  const { next, lines, retained } = comparison;
  const { id } = await tx.db
    .insertInto('larder.manifests')
    .values({
      project: next.project,
      manifest: JSON.stringify(next),
      changes: JSON.stringify(lines.changes),
      same_meaning: lines.sameMeaning,
      actor: options.actor,
      digest: digestOf(config),
      parent_id: state.applied?.id ?? null,
      retained: [...retained],
      code: options.publication === undefined ? null : JSON.stringify(options.publication.code),
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await recordAudit(tx, {
    project: next.project,
    action: 'project.apply',
    subject: `project ${next.project}`,
    before: state.applied === null ? null : `manifest ${state.applied.id}`,
    after: `manifest ${id}, sha256 ${digestOf(config)}`,
  });
  return id;
}

/** An accepted definition replaces the known one: code of the same meaning, an artifact at another path. */
export async function writeViewVersions(
  tx: StoreTransaction,
  manifest: Manifest,
  manifestId: number,
): Promise<void> {
  const rows = Object.values(manifest.feature_views).map((view) => ({
    project: manifest.project,
    view: view.name,
    version: view.version,
    definition: JSON.stringify(viewDefinition(manifest, view)),
    manifest_id: manifestId,
  }));
  if (rows.length === 0) return;
  await tx.db
    .insertInto('larder.view_versions')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .columns(['project', 'view', 'version'])
        .doUpdateSet((eb) => ({ definition: eb.ref('excluded.definition') })),
    )
    .execute();
}

export async function insertModelVersions(
  tx: StoreTransaction,
  { manifestId, comparison, options }: Omit<Applying, 'state' | 'config'> & { readonly manifestId: number },
): Promise<void> {
  const { next, newModelVersions } = comparison;
  const { actor, publication } = options;
  for (const model of Object.values(next.models)) {
    const version = newModelVersions.get(model.name);
    if (version === undefined) continue;
    await tx.db
      .insertInto('larder.model_versions')
      .values({
        project: next.project,
        model: model.name,
        version,
        inputs: JSON.stringify(model.inputs),
        outputs: JSON.stringify(model.outputs),
        artifact_path: model.artifact.path,
        artifact_sha256: model.artifact.sha256,
        manifest_id: manifestId,
        actor,
        content: publication ? JSON.stringify(contentOf(next, model.name, publication.bundles)) : null,
        training: jsonOrNull(publication?.training.get(model.name)),
        measured: jsonOrNull(publication?.measured.get(model.name)),
      })
      .execute();
  }
}

function jsonOrNull(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
