import type { Logger } from '@larder/core';
import { claimRunToPlan, extendPlanning, failPlanning, savePlan, type RunToPlan } from '../runs/index.ts';
import { isDatabaseError, type OfflineStore } from '@larder/offline-store';
import { sourceScope } from './source-scope.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import { planBuild } from '../events/plan-build.ts';
import type { SourceChunk } from '@larder/sources';
import type { LoadedViews, MaterializedView } from '../materializer/loaded-views.ts';
import type { MaterializerTimes } from '../materializer/materializer-times.ts';
import { reasonOf } from '../chunk/reason-of.ts';

export interface PlanDeps {
  readonly projectName: string;
  readonly store: OfflineStore;
  readonly views: Pick<LoadedViews, 'claimable' | 'find' | 'project' | 'source' | 'eventSource'>;
  readonly times: Pick<MaterializerTimes, 'leaseMs' | 'backoffMs'>;
  readonly logger: Logger;
}

/**
 * Cuts the most urgent queued run into chunks; false when there is none. Only one process plans a run at a time. Ends
 * soon after the signal is aborted, or the run is taken over or cancelled.
 */
export async function planNextRun(deps: PlanDeps, stopping: AbortSignal): Promise<boolean> {
  const { store, times, logger } = deps;
  const run = await claimRunToPlan(store, {
    project: deps.projectName,
    views: deps.views.claimable(),
    leaseMs: times.leaseMs,
  });
  if (!run) return false;
  const lost = new AbortController();
  const keepClaim = setInterval(() => {
    extendPlanning(store, run, times.leaseMs)
      .then((kept) => {
        if (!kept) lost.abort(new Error('The run is no longer planned by this process.'));
      })
      .catch((error: unknown) =>
        logger.warn(
          { err: error, runId: run.runId },
          'The claim on a run being planned could not be extended',
        ),
      );
  }, times.leaseMs / 3);
  const signal = AbortSignal.any([stopping, lost.signal]);
  try {
    await plan(deps, run, signal);
  } catch (error) {
    if (signal.aborted) {
      // Another process may take it now; this does nothing if one has.
      await extendPlanning(store, run, 0);
      return false;
    }
    // While PostgreSQL is down the run stays queued; the claim expires and another process plans it.
    if (isDatabaseError(error)) throw error;
    logger.warn({ err: error, runId: run.runId }, 'A run could not be planned');
    await failPlanning(store, run, { ...reasonOf(error), backoffMs: times.backoffMs });
  } finally {
    clearInterval(keepClaim);
  }
  await endRuns(deps);
  return true;
}

async function plan(deps: PlanDeps, run: RunToPlan, signal: AbortSignal): Promise<void> {
  const view = deps.views.find(run);
  if (!view) throw new Error(`Run ${run.runId} was claimed for a view that is not loaded.`);
  const started = performance.now();
  const chunks =
    view.manifest.windowed === undefined
      ? await planSource(deps, { view, run, signal })
      : await planBuild(deps, view, run.scope);
  const goneAtMost =
    'all' in run.scope && run.rowLimit === null ? (view.manifest.when_gone?.at_most ?? null) : null;
  const of = { project: deps.projectName, entity: view.entity };
  if (!(await savePlan(deps.store, run, chunks, { of, goneAtMost }))) return;
  deps.logger.info(
    {
      runId: run.runId,
      view: view.ref,
      chunks: chunks.length,
      rows: chunks.reduce((sum, { rows }) => sum + rows, 0),
      planningMs: Math.round(performance.now() - started),
    },
    'A run started',
  );
}

interface SourcePlan {
  readonly view: MaterializedView;
  readonly run: RunToPlan;
  readonly signal: AbortSignal;
}

async function planSource(deps: PlanDeps, { view, run, signal }: SourcePlan): Promise<SourceChunk[]> {
  const source = await deps.views.source(view);
  const scope = sourceScope(view.entity, run.scope);
  const { chunk_rows: chunkRows } = view.manifest;
  return source.plan({ scope, chunkRows, limit: run.rowLimit }, signal);
}
