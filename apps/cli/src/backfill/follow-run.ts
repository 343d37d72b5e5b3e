import { setTimeout as delay } from 'node:timers/promises';
import type { OfflineStore } from '@larder/offline-store';
import { getRun, type RunSummary } from '@larder/materialization/runs';
import type { Output } from '../output/output.ts';
import { createProgress } from './progress.ts';

const POLL_MS = 250;
/** A run that nobody takes for so long has no worker. */
const UNTAKEN_MS = 5_000;

export interface FollowOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly runId: string;
  readonly out: Output;
  /** Stops following; the run goes on. */
  readonly signal: AbortSignal;
}

/** Shows the progress of a run until it ends. @returns the run, ended unless the signal came first */
export async function followRun(options: FollowOptions): Promise<RunSummary> {
  const { store, project, runId, out, signal } = options;
  const progress = createProgress(out);
  const startedMs = Date.now();
  let warned = false;
  try {
    for (;;) {
      const run = await getRun(store, project, runId);
      progress.update(run);
      if (run.finishedAt !== null || signal.aborted) return run;
      if (run.status === 'queued' && !warned && Date.now() - startedMs > UNTAKEN_MS) {
        warned = true;
        progress.say(`No worker takes run ${runId} yet: is one running? larder up starts one.`);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    progress.stop();
  }
}
