import { isLarderError } from '@larder/core';
import { claimRunToPlan, extendPlanning, failPlanning, savePlan, type RunToPlan } from '../runs/index.ts';
import { toDatabaseError } from '@larder/offline-store';
import { sourceScope } from './source-scope.ts';
import { endRuns } from '../runs/finish/end-runs.ts';
import type { MaterializerContext } from '../materializer/materializer-context.ts';
import { reasonOf } from '../chunk/reason-of.ts';

/** Cuts the most urgent queued run into chunks; false when there is none. Only one process plans a run at a time. */
export async function planNextRun(context: MaterializerContext): Promise<boolean> {
  const { store, times, logger } = context;
  const run = await claimRunToPlan(store, {
    project: context.projectName,
    views: context.views.claimable(),
    leaseMs: times.leaseMs,
  });
  if (!run) return false;
  const keepClaim = setInterval(() => {
    extendPlanning(store, run, times.leaseMs).catch((error: unknown) =>
      logger.warn({ err: error, runId: run.runId }, 'The claim on a run being planned could not be extended'),
    );
  }, times.leaseMs / 3);
  try {
    await plan(context, run);
  } catch (error) {
    // PostgreSQL away leaves the run queued; the claim runs out and somebody plans it.
    if (!isLarderError(error) && isLarderError(toDatabaseError(error))) throw error;
    logger.warn({ err: error, runId: run.runId }, 'A run could not be planned');
    await failPlanning(store, run, { ...reasonOf(error), backoffMs: times.backoffMs });
  } finally {
    clearInterval(keepClaim);
  }
  await endRuns(context);
  return true;
}

async function plan(context: MaterializerContext, run: RunToPlan): Promise<void> {
  const view = context.views.find(run);
  if (!view) throw new Error(`Run ${run.runId} was claimed for a view that is not loaded.`);
  const started = performance.now();
  const chunks = await context.views.source(view).planChunks({
    scope: sourceScope(view.entity, run.scope),
    chunkRows: view.manifest.chunk_rows,
    limit: run.rowLimit,
  });
  if (!(await savePlan(context.store, run, chunks))) return;
  context.logger.info(
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
