import type { Manifest } from '@larder/features';
import { adoptFingerprintIn, forgetViewVersionIn } from '@larder/materialization/runs';
import { syncChainsIn } from '@larder/materialization/chains';
import { syncSchedulesIn } from '@larder/materialization/schedules';
import {
  dropTilesIn,
  ensureEventsIn,
  ensureHistoryIn,
  ensureTilesIn,
  type OfflineStore,
  type StoreTransaction,
} from '@larder/offline-store';
import type { RecordedCode } from '../applied/recorded-code.ts';
import { keepArtifactsIn } from '../artifacts/touch-artifacts.ts';
import { readDroppedReaders, refuseInUse } from '../plan/dropped-readers.ts';
import { compareManifest, type Comparison } from '../plan/plan-manifest.ts';
import type { Change, ForgottenVersion, Leniency } from '../plan/plan.ts';
import { viewsInService } from '../aliases/views-in-service.ts';
import { bumpRevisionIn, lockRevisionIn } from '../revision/revision.ts';
import { readRegistryState, type RegistryState } from '../registry-state.ts';
import { refuse, refuseBrokenChains, refuseConflict, refuseDestructive, refuseOlder } from './refuse.ts';
import { insertManifest, insertModelVersions, writeViewVersions } from './write-manifest.ts';

export interface ApplyOptions extends Leniency {
  /** Who applies, for the record: a user or a pipeline. */
  readonly actor: string;
  /**
   * Applies nothing when something that is served or filled today would stop being so, or when the configuration is older
   * than what is applied. @default false
   */
  readonly refuseDestructive?: boolean | undefined;
  /** The manifest that the caller's plan was compared with; null: none. @default whatever is applied */
  readonly plannedOn?: number | null | undefined;
  /** What was published for this configuration. @default nothing: versions get no content */
  readonly publication?: Publication | undefined;
}

/** What an apply put into the artifact store, and what it learned of the artifacts. */
export interface Publication {
  /** SHA-256 of the bundle of each on-demand view, by its name. */
  readonly bundles: Readonly<Record<string, string>>;
  readonly code: RecordedCode;
  /** Hashes of the artifacts that the configuration refers to. */
  readonly artifacts: readonly string[];
  /** `training.json` by model. */
  readonly training: ReadonlyMap<string, unknown>;
  /** By model. */
  readonly measured: ReadonlyMap<string, unknown>;
}

export interface ApplyResult {
  readonly manifestId: number;
  /** Empty: everything was applied already. */
  readonly changes: readonly Change[];
  /** Newest version of each model of the manifest. */
  readonly modelVersions: Readonly<Record<string, number>>;
  /** View versions that were changed in place: their rows were set aside; the caller deletes those in the online store. */
  readonly forgotten: readonly ForgottenVersion[];
  /** Those of them whose earlier history came back: the caller writes it to the online store again. */
  readonly restored: readonly ForgottenVersion[];
  /** Subjects that stay applied although the configuration lacks them. */
  readonly retained: readonly string[];
}

/**
 * Makes a configuration the project's definitions: history tables, model versions and the manifest itself in one
 * transaction. What the configuration lacks stays applied. Concurrent applies are serialized; each compares with the
 * result of the one before.
 * @throws DEFINITION_INVALID where a view would be computed from itself or from a view that there is not; VIEW_VERSION_IMMUTABLE or CODE_CHANGED with every refusal in `errors`; APPLY_CONFLICT; DESTRUCTIVE_CHANGE and
 * CONFIG_OUTDATED when asked to refuse
 */
export function applyManifest(
  store: OfflineStore,
  config: Manifest,
  options: ApplyOptions,
): Promise<ApplyResult> {
  return store.transaction(async (tx) => {
    await tx.client.query('lock table larder.manifests in share row exclusive mode');
    await lockRevisionIn(tx, config.project);
    const state = await readRegistryState(tx, config);
    const comparison = compareManifest(state, config, options);
    const { lines, next, retained } = comparison;
    const nothing = state.applied !== null && lines.changes.length === 0;
    if (!nothing) refuseConflict(state.applied, options.plannedOn);
    refuse(lines.refusals);
    refuseBrokenChains(next);
    if (options.prune === true && options.mutableVersions !== true)
      refuse(refuseInUse(await readDroppedReaders(tx, next, lines.changes)));
    const modelVersions = versionsAfter(state, comparison);
    if (state.applied !== null && nothing)
      return {
        manifestId: state.applied.id,
        changes: [],
        modelVersions,
        forgotten: [],
        restored: [],
        retained,
      };
    if (options.refuseDestructive) {
      refuseOlder(state.applied, comparison.older);
      refuseDestructive(lines.changes);
    }
    await bumpRevisionIn(tx, config.project);
    if (options.publication) await keepPublished(tx, options.publication);
    const manifestId = await insertManifest(tx, { state, config, comparison, options });
    await writeViewVersions(tx, next, manifestId);
    await insertModelVersions(tx, { manifestId, comparison, options });
    const { changes, forgotten } = lines;
    const restored: ForgottenVersion[] = [];
    for (const each of forgotten)
      if (await forgetViewVersionIn(tx, { project: next.project, ...each })) restored.push(each);
    for (const source of Object.values(next.event_sources ?? {})) await ensureEventsIn(tx, next, source);
    for (const view of Object.values(next.feature_views)) {
      await ensureHistoryIn(tx, next, view);
      await ensureTilesIn(tx, next, view);
      const { name, version, fingerprint } = view;
      await adoptFingerprintIn(tx, { project: next.project, view: name, version, fingerprint });
    }
    await dropTilesIn(tx, next);
    const inService = await viewsInService(tx, next.project);
    await syncSchedulesIn(tx, next, inService);
    await syncChainsIn(tx, next, inService);
    return { manifestId, changes, modelVersions, forgotten, restored, retained };
  });
}

/** @throws ARTIFACT_NOT_FOUND */
async function keepPublished(tx: StoreTransaction, { artifacts, bundles, code }: Publication): Promise<void> {
  const sources = Object.values(code).map((record) => record.sources_sha256);
  await keepArtifactsIn(tx, { artifacts, objects: [...Object.values(bundles), ...sources] });
}

function versionsAfter(state: RegistryState, { next, newModelVersions }: Comparison): Record<string, number> {
  const versions: Record<string, number> = {};
  for (const name of Object.keys(next.models)) {
    const version = newModelVersions.get(name) ?? state.modelVersions.get(name)?.version;
    if (version !== undefined) versions[name] = version;
  }
  return versions;
}
