import { RUN_STATUSES } from '@larder/contracts';
import { z } from 'zod';
import { followRun } from '../backfill/follow-run.ts';
import { printRunGraph } from '../output/print-run-graph.ts';
import { printRun, printRuns } from '../output/print-runs.ts';
import { DONE, FAILED } from '../problem.ts';
import { positiveWhole } from '../input.ts';
import { defineVerb, wrongUsage } from '../verb.ts';

const ACTIONS = ['pause', 'resume', 'cancel', 'retry-failed'] as const;
const DEFAULT_LIMIT = 20;

export const verb = defineVerb({
  byName: true,
  describe(command) {
    command
      .argument('[id]', 'id of a run; without it, lists the newest runs')
      .argument('[action]', `what to do with it: ${ACTIONS.join(', ')}`)
      .option('--view <view>', 'only runs of this view, or of one version: ad_image@1')
      .option('--status <status>', `only runs in this status: ${RUN_STATUSES.join(', ')}`)
      .option('--follow', 'follow one run to its end; Ctrl-C only stops following')
      .option('--graph', 'one run with the runs that fed it and those that it fed')
      .option('--limit <n>', `maximum number of runs, or of failures of one run [${DEFAULT_LIMIT}]`)
      .addHelpText(
        'after',
        `
Examples:
  larder runs --view ad_image --status partial
  larder runs 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071
  larder runs 019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071 retry-failed --follow`,
      );
  },
  input: z.object({
    id: z.string().optional(),
    action: z.enum(ACTIONS, `must be one of ${ACTIONS.join(', ')}`).optional(),
    view: z.string().optional(),
    status: z.enum(RUN_STATUSES, `must be one of ${RUN_STATUSES.join(', ')}`).optional(),
    follow: z.boolean().optional(),
    graph: z.boolean().optional(),
    limit: positiveWhole.default(DEFAULT_LIMIT),
  }),
  async run({ out, control, signal }, typed) {
    const { id, action, view, status, follow = false, graph = false, limit } = typed;
    const runs = await (await control()).runs();
    if (graph) {
      const start = id ?? (await runs.list({ limit: 1 })).runs[0]?.run_id;
      if (start === undefined || follow || action !== undefined)
        throw wrongUsage('runs', [
          {
            pointer: '--graph',
            detail: 'shows one run: give its ID, without --follow and without an action',
          },
        ]);
      const found = await runs.graph(start);
      out.answer(found, () => printRunGraph(found, out));
      return DONE;
    }
    if (id === undefined) {
      if (follow) throw wrongUsage('runs', [{ pointer: '--follow', detail: 'needs the ID of a run' }]);
      const listed = await runs.list({ view, status, limit });
      out.answer(listed, () => printRuns(listed.runs, listed, out));
      return DONE;
    }
    if (view !== undefined || status !== undefined)
      throw wrongUsage('runs', [
        { pointer: '--view, --status', detail: 'choose among runs; leave them out with an ID' },
      ]);
    if (action !== undefined) await runs.act(id, action);
    const run = follow ? await followRun({ runs, runId: id, out, signal }) : await runs.get(id);
    const { failures, cursor } = await runs.failures(id, { limit });
    out.answer({ ...run, failures, failures_complete: cursor === null }, () =>
      printRun(run, { failures, complete: cursor === null }, out),
    );
    if (!follow) return DONE;
    if (run.finished_at === null && run.status !== 'held')
      out.note(`No longer following: run ${id} continues.`);
    return run.status === 'succeeded' || run.status === 'partial' ? DONE : FAILED;
  },
});
