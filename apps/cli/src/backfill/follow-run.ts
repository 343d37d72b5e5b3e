import { setTimeout as delay } from 'node:timers/promises';
import type { OfflineStore } from '@larder/offline-store';
import { getRun, listFailures, waitingText, type RunSummary } from '@larder/materialization/runs';
import type { Output } from '../output/output.ts';
import { createProgress } from './progress.ts';

const POLL_MS = 250;
/** Long enough for workers that start together with the run to announce themselves. */
const UNTAKEN_MS = 5_000;

export interface FollowOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly runId: string;
  readonly out: Output;
  /** Stops following; the run continues. */
  readonly signal: AbortSignal;
}

/** Shows the progress of a run until it ends, or waits for a person. @returns the run, ended unless it is held or the signal came first */
export async function followRun(options: FollowOptions): Promise<RunSummary> {
  const { store, project, runId, out, signal } = options;
  const progress = createProgress(out);
  const startedMs = Date.now();
  let warned = false;
  let reasonSaid = false;
  try {
    for (;;) {
      const run = await getRun(store, project, runId);
      progress.update(run);
      if (run.status === 'held') progress.say(`Run ${runId} is held. ${run.error?.reason ?? ''}`);
      if (run.finishedAt !== null || run.status === 'held' || signal.aborted) return run;
      const waiting = warned || Date.now() - startedMs < UNTAKEN_MS ? null : waitingText(run);
      if (waiting !== null) {
        warned = true;
        progress.say(`Run ${runId} waits. ${waiting}`);
      }
      const reason = reasonSaid ? null : await firstReason(store, project, run);
      if (reason !== null) {
        reasonSaid = true;
        progress.say(reason);
      }
      await delay(POLL_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    progress.stop();
  }
}

/** The first failure of a running run, so that nobody has to wait for its end to read the reason. */
async function firstReason(store: OfflineStore, project: string, run: RunSummary): Promise<string | null> {
  if (run.error) return `${run.error.code}: ${run.error.reason} Larder retries it.`;
  const { failures } = await listFailures(store, project, run.runId, { limit: 1 });
  const [first] = failures;
  if (!first) return null;
  const { key, code, reason, retryable } = first;
  return `First failure: ${key === null ? '' : `${key}  `}${code}  ${reason}${retryable ? ' Larder retries it.' : ''}`;
}
