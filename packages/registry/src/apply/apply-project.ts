import { isLarderError } from '@larder/core';
import type { LoadedProject } from '@larder/features';
import { migrate } from '@larder/offline-store';
import { contentOf } from '../model-versions/content-of.ts';
import { publishContent } from '../model-versions/publish-content.ts';
import { applyManifest, type ApplyOptions, type ApplyResult, type Publication } from './apply-manifest.ts';
import { planProject, type ApplyDeps, type PlannedProject } from './plan-project.ts';
import { checkArtifacts } from './check/check-artifacts.ts';
import { localArtifacts, publishArtifacts, publishBundles, publishSources } from './publish-objects.ts';
import { refuse, refuseDestructive, refuseOlder } from './refuse.ts';

export type ApplyProjectOptions = Omit<ApplyOptions, 'plannedOn' | 'publication'>;

/** Retention may collect what was stored before it is referred to; storing it again then helps. */
const ATTEMPTS = 3;

/**
 * Plans and applies a loaded project. @throws as `applyPlanned`
 */
export async function applyProject(
  deps: ApplyDeps,
  project: LoadedProject,
  options: ApplyProjectOptions,
): Promise<ApplyResult> {
  return applyPlanned(deps, project, { planned: await planProject(deps, project, options), options });
}

/**
 * Refuses first, opens what is new, then migrates, stores artifacts and code, and commits the rest in one transaction. Dying anywhere leaves
 * either nothing or stored bytes that nothing refers to, which are collected.
 * @throws as `prepareApply` and `PreparedApply.commit`
 */
export async function applyPlanned(
  deps: ApplyDeps,
  project: LoadedProject,
  applying: Applying,
): Promise<ApplyResult> {
  return (await prepareApply(deps, project, applying)).commit();
}

interface Applying {
  readonly planned: PlannedProject;
  readonly options: ApplyProjectOptions;
}

/** An apply that only has to be committed: everything was checked, and what it refers to is stored. */
export interface PreparedApply {
  /** @throws APPLY_CONFLICT when somebody applied since the plan */
  commit(): Promise<ApplyResult>;
}

/**
 * Everything of an apply before its transaction; what is applied stays as it is.
 * @throws what the plan refuses; NATIVE_MODULE, BUNDLE_IMPOSSIBLE, ARTIFACT_INVALID and what else opening artifacts finds
 */
export async function prepareApply(
  deps: ApplyDeps,
  project: LoadedProject,
  { planned, options }: Applying,
): Promise<PreparedApply> {
  const { plan, state, comparison, aligned } = planned;
  refuse(plan.refusals);
  if (options.refuseDestructive && plan.changes.length > 0) {
    refuseOlder(state.applied, plan.older);
    refuseDestructive(plan.changes);
  }
  const checked = await checkArtifacts({ project, aligned, state, comparison });
  await migrate(deps.store);
  if (plan.changes.length === 0) {
    await publishUnchanged(deps, project, planned);
    return { commit: () => apply(undefined) };
  }
  let publication = await publish(deps, project, { ...planned, all: false });
  return {
    async commit() {
      for (let attempt = 1; ; attempt++) {
        try {
          return await apply(publication);
        } catch (error) {
          const collected = isLarderError(error) && error.code === 'ARTIFACT_NOT_FOUND';
          if (!collected || attempt === ATTEMPTS) throw error;
          publication = await publish(deps, project, { ...planned, all: true });
        }
      }
    },
  };

  function apply(stored: Publication | undefined): Promise<ApplyResult> {
    return applyManifest(deps.store, aligned, {
      ...options,
      plannedOn: plan.appliedId,
      publication: stored,
    });
  }

  function publishedViews(): Set<string> {
    const views = new Set<string>();
    for (const model of comparison.newModelVersions.keys())
      for (const view of Object.keys(contentOf(comparison.next, model, {}).manifest.on_demand_feature_views))
        views.add(view);
    return views;
  }

  async function publish(
    { artifacts }: ApplyDeps,
    loaded: LoadedProject,
    { recordedCode, all }: PlannedProject & { readonly all: boolean },
  ): Promise<Publication> {
    const local = localArtifacts(loaded, aligned);
    const bundles = await publishBundles(artifacts, loaded, publishedViews());
    await publishArtifacts(artifacts, local, { all });
    const code = await publishSources(artifacts, { project: loaded, aligned, recorded: recordedCode });
    return { bundles, code, artifacts: [...local.keys()], ...checked };
  }
}

/** Stores what an earlier release did not, and what the artifact store has lost since. */
async function publishUnchanged(
  { store, artifacts }: ApplyDeps,
  project: LoadedProject,
  { state, aligned, recordedCode }: PlannedProject,
): Promise<void> {
  const bundles = new Map<string, string>();
  for (const model of Object.keys(aligned.models)) {
    const newest = state.modelVersions.get(model);
    if (newest?.content === null)
      await publishContent({ store, artifacts, project, aligned, model, version: newest.version });
    for (const [view, sha256] of Object.entries(newest?.content?.bundles ?? {})) bundles.set(sha256, view);
  }
  const stored = await artifacts.has([...bundles.keys()]);
  const lost = [...bundles].flatMap(([sha256, view]) => (stored.has(sha256) ? [] : [view]));
  await publishBundles(artifacts, project, lost);
  await publishArtifacts(artifacts, localArtifacts(project, aligned));
  if (recordedCode !== null || state.applied === null) return;
  const code = await publishSources(artifacts, { project, aligned, recorded: null });
  await store.db
    .updateTable('larder.manifests')
    .set({ code: JSON.stringify(code) })
    .where('id', '=', state.applied.id)
    .where('code', 'is', null)
    .execute();
}
