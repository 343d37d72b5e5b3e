import type { LoadedProject, Manifest } from '@larder/features';
import { pendingMigrations, type OfflineStore } from '@larder/offline-store';
import { alignCode } from '../applied/align-manifest.ts';
import type { AppliedManifest } from '../applied/applied-manifest.ts';
import { readLineage } from '../applied/lineage.ts';
import { readRecordedCode, sourcesReader, type RecordedCode } from '../applied/recorded-code.ts';
import type { ArtifactStore } from '../artifacts/artifact-store.ts';
import { readDroppedReaders, refuseInUse } from '../plan/dropped-readers.ts';
import {
  comparePlan,
  LINEAGE_MIGRATION,
  REGISTRY_MIGRATION,
  type Comparison,
} from '../plan/plan-manifest.ts';
import type { Leniency, Plan } from '../plan/plan.ts';
import { digestOf, NOTHING_APPLIED, readRegistryState, type RegistryState } from '../registry-state.ts';

export interface ApplyDeps {
  readonly store: OfflineStore;
  readonly artifacts: ArtifactStore;
}

/** A plan, and what an apply needs to carry it out. */
export interface PlannedProject {
  readonly plan: Plan;
  readonly comparison: Comparison;
  readonly state: RegistryState;
  /** The project's manifest, with the recorded identity wherever the code is the same. */
  readonly aligned: Manifest;
  /** Null: nothing is applied, or by a release that stored no sources. */
  readonly recordedCode: RecordedCode | null;
}

/** What applying the project would change, and why it would be refused; writes nothing. */
export async function planProject(
  { store, artifacts }: ApplyDeps,
  project: LoadedProject,
  leniency: Leniency = {},
): Promise<PlannedProject> {
  const pending = await pendingMigrations(store);
  const bare = pending.includes(REGISTRY_MIGRATION);
  const stored = !pending.includes(LINEAGE_MIGRATION);
  const before = bare ? NOTHING_APPLIED : await readRegistryState(store, project.manifest, stored);
  const { applied } = before;
  const recordedCode = applied !== null && stored ? await readRecordedCode(store, applied.id) : null;
  const recorded = {
    feature_views: Object.fromEntries(before.viewDefinitions),
    on_demand_feature_views: applied?.manifest.on_demand_feature_views ?? {},
  };
  const { manifest: aligned, differences } = await alignCode(
    recorded,
    project,
    sourcesReader(artifacts, recordedCode),
  );
  const state =
    applied !== null && stored ? await withLineageOf(store, before, { applied, aligned }) : before;
  const compared = await comparePlan(state, aligned, { ...leniency, differences, pending });
  const { comparison } = compared;
  const readers =
    leniency.prune === true && leniency.mutableVersions !== true && stored
      ? await readDroppedReaders(store, comparison.next, compared.plan.changes)
      : [];
  const refusals = [...compared.plan.refusals, ...refuseInUse(readers)];
  return { plan: { ...compared.plan, readers, refusals }, comparison, state, aligned, recordedCode };
}

/** The digest of an aligned manifest may be another one. */
async function withLineageOf(
  store: OfflineStore,
  state: RegistryState,
  { applied, aligned }: { readonly applied: AppliedManifest; readonly aligned: Manifest },
): Promise<RegistryState> {
  const { project } = aligned;
  const lineage = await readLineage(store, { appliedId: applied.id, project, digest: digestOf(aligned) });
  return { ...state, lineage };
}
