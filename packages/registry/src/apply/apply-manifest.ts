import { LarderError } from '@larder/core';
import type { Manifest } from '@larder/features';
import { adoptFingerprintIn, forgetViewVersionIn } from '@larder/materialization/runs';
import { syncSchedulesIn } from '@larder/materialization/schedules';
import { ensureHistoryIn, type OfflineStore, type StoreTransaction } from '@larder/offline-store';
import { compareManifest, type Comparison } from '../plan/plan-manifest.ts';
import type { Change, ForgottenVersion, Leniency, Refusal } from '../plan/plan.ts';
import { bumpRevisionIn } from '../revision/revision.ts';
import { readRegistryState, type RegistryState } from '../registry-state.ts';
import { viewDefinition } from '../plan/view-definition.ts';

export interface ApplyOptions extends Leniency {
  /** Who applies, for the record: a user or a pipeline. */
  readonly actor: string;
  /** Applies nothing when something that is served or filled today would stop being so. @default false */
  readonly refuseDestructive?: boolean | undefined;
}

export interface ApplyResult {
  readonly manifestId: number;
  /** Empty: everything was applied already. */
  readonly changes: readonly Change[];
  /** Newest version of each model of the manifest. */
  readonly modelVersions: Readonly<Record<string, number>>;
  /** View versions that were changed in place: their history is empty; the caller deletes their rows in the online store. */
  readonly forgotten: readonly ForgottenVersion[];
}

/**
 * Makes a manifest the project's definitions: history tables, model versions and the manifest itself in one transaction.
 * Concurrent applies are serialized; each compares with the result of the one before.
 * @throws VIEW_VERSION_IMMUTABLE or CODE_CHANGED with every refusal in `errors`; DESTRUCTIVE_CHANGE when asked to refuse
 */
export function applyManifest(
  store: OfflineStore,
  manifest: Manifest,
  options: ApplyOptions,
): Promise<ApplyResult> {
  return store.transaction(async (tx) => {
    await tx.client.query('lock table larder.manifests in share row exclusive mode');
    await bumpRevisionIn(tx, manifest.project);
    const state = await readRegistryState(tx, manifest.project);
    const comparison = compareManifest(state, manifest, options);
    refuse(comparison.lines.refusals);
    if (options.refuseDestructive) refuseDestructive(comparison.lines.changes);
    const modelVersions = versionsAfter(state, manifest, comparison);
    if (state.applied !== null && comparison.lines.changes.length === 0)
      return { manifestId: state.applied.id, changes: [], modelVersions, forgotten: [] };
    const manifestId = await insertManifest(tx, manifest, { comparison, actor: options.actor });
    await writeViewVersions(tx, manifest, manifestId);
    await insertModelVersions(tx, manifest, { manifestId, versions: comparison.newModelVersions });
    const { changes, forgotten } = comparison.lines;
    for (const { view, version } of forgotten)
      await forgetViewVersionIn(tx, { project: manifest.project, view, version });
    for (const view of Object.values(manifest.feature_views)) {
      await ensureHistoryIn(tx, manifest, view);
      const { name, version, fingerprint } = view;
      await adoptFingerprintIn(tx, { project: manifest.project, view: name, version, fingerprint });
    }
    await syncSchedulesIn(tx, manifest);
    return { manifestId, changes, modelVersions, forgotten };
  });
}

function refuse(refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  const code = refusals.find((refusal) => refusal.code === 'VIEW_VERSION_IMMUTABLE')?.code ?? 'CODE_CHANGED';
  throw new LarderError(code, refusals.map((refusal) => refusal.message).join('\n'), {
    errors: refusals.map(({ pointer, message }) => ({ pointer, detail: message })),
  });
}

function refuseDestructive(changes: readonly Change[]): void {
  const destructive = changes.filter((change) => change.destructive);
  if (destructive.length === 0) return;
  const lines = destructive.map(({ text }) => `  ${text}`).join('\n');
  throw new LarderError('DESTRUCTIVE_CHANGE', `Nothing was applied. Pass --yes to apply this:\n${lines}`, {
    errors: destructive.map(({ subject, text }) => ({ pointer: subject, detail: text })),
  });
}

function versionsAfter(
  state: RegistryState,
  manifest: Manifest,
  comparison: Comparison,
): Record<string, number> {
  const versions: Record<string, number> = {};
  for (const name of Object.keys(manifest.models)) {
    const version = comparison.newModelVersions.get(name) ?? state.modelVersions.get(name)?.version;
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}

interface Applying {
  readonly comparison: Comparison;
  readonly actor: string;
}

async function insertManifest(
  tx: StoreTransaction,
  manifest: Manifest,
  { comparison, actor }: Applying,
): Promise<number> {
  const { id } = await tx.db
    .insertInto('larder.manifests')
    .values({
      project: manifest.project,
      manifest: JSON.stringify(manifest),
      changes: JSON.stringify(comparison.lines.changes),
      same_meaning: comparison.lines.sameMeaning,
      actor,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** An accepted definition replaces the known one: code of the same meaning, an artifact at another path. */
async function writeViewVersions(
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

interface NewModelVersions {
  readonly manifestId: number;
  readonly versions: ReadonlyMap<string, number>;
}

async function insertModelVersions(
  tx: StoreTransaction,
  manifest: Manifest,
  { manifestId, versions }: NewModelVersions,
): Promise<void> {
  for (const model of Object.values(manifest.models)) {
    const version = versions.get(model.name);
    if (version === undefined) continue;
    await tx.db
      .insertInto('larder.model_versions')
      .values({
        project: manifest.project,
        model: model.name,
        version,
        inputs: JSON.stringify(model.inputs),
        outputs: JSON.stringify(model.outputs),
        artifact_path: model.artifact.path,
        artifact_sha256: model.artifact.sha256,
        manifest_id: manifestId,
      })
      .execute();
  }
}
