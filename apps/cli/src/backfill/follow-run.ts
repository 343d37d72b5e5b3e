import type { Run } from '@larder/contracts';
import type { RunsControl } from '../control/control.ts';
import type { Output } from '../output/output.ts';
import { createProgress } from './progress.ts';

/** Long enough for workers that start together with the run to announce themselves. */
const UNTAKEN_MS = 5_000;
const REASON_INTERVAL_MS = 1_000;

export interface FollowOptions {
  readonly runs: RunsControl;
  readonly runId: string;
  readonly out: Output;
  /** Stops following; the run continues. */
  readonly signal: AbortSignal;
}

/** Shows the progress of a run until it ends, or waits for a person. @returns the run, ended unless it is held or the signal came first */
export async function followRun(options: FollowOptions): Promise<Run> {
  const { runs, runId, out, signal } = options;
  const progress = createProgress(out);
  const startedMs = Date.now();
  let warned = false;
  let reasonAtMs = 0;
  let last = await runs.get(runId);
  try {
    for await (const run of runs.watch(runId, signal)) {
      last = run;
      progress.update(run);
      if (run.status === 'held') progress.say(`Run ${runId} is held. ${run.error?.reason ?? ''}`);
      if (run.finished_at !== null || run.status === 'held' || signal.aborted) break;
      const waiting = warned || Date.now() - startedMs < UNTAKEN_MS ? null : run.waiting_detail;
      if (waiting !== null) {
        warned = true;
        progress.say(`Run ${runId} waits. ${waiting}`);
      }
      if (Date.now() < reasonAtMs) continue;
      const reason = await firstReason(runs, run);
      reasonAtMs = reason === null ? Date.now() + REASON_INTERVAL_MS : Number.POSITIVE_INFINITY;
      if (reason !== null) progress.say(reason);
    }
    return last;
  } finally {
    progress.stop();
  }
}

/** The first failure of a running run, so that nobody has to wait for its end to read the reason. */
async function firstReason(runs: RunsControl, run: Run): Promise<string | null> {
  if (run.error) return `${run.error.code}: ${run.error.reason} Larder retries it.`;
  const { failures } = await runs.failures(run.run_id, { limit: 1 });
  const [first] = failures;
  if (!first) return null;
  const { key, code, reason, retryable } = first;
  return `First failure: ${key === null ? '' : `${key}  `}${code}  ${reason}${retryable ? ' Larder retries it.' : ''}`;
}
