import type { ApplyAnswer } from '@larder/contracts';
import { followRun } from '../backfill/follow-run.ts';
import { failuresByCode, printSummary } from '../backfill/print-summary.ts';
import type { Session } from '../session.ts';

/** Follows the runs on a terminal, one after another; elsewhere, and when detached, it says how to. @returns false: one did not succeed, not even in part */
export async function followFills(
  { out, control, signal }: Session,
  { fills, detach }: { readonly fills: Readonly<ApplyAnswer['backfills']>; readonly detach: boolean },
): Promise<boolean> {
  if (out.json) return true;
  if (!out.interactive || detach) {
    for (const { view, run_id: runId, status } of fills)
      out.line(`Fills ${view}: run ${runId} is ${status}. Follow it: larder runs ${runId} --follow`);
    return true;
  }
  const runs = await (await control()).runs();
  let good = true;
  for (const { view, run_id: runId } of fills) {
    out.note(`Filling ${view}, run ${runId}. Ctrl-C only stops following.`);
    const run = await followRun({ runs, runId, out, signal });
    if (run.finished_at === null) {
      out.line(`No longer following; the runs continue: larder runs`);
      return false;
    }
    const failures = await failuresByCode((cursor) => runs.failures(runId, { cursor, limit: 500 }));
    printSummary(run, failures, out);
    good &&= run.status === 'succeeded' || run.status === 'partial';
  }
  return good;
}
