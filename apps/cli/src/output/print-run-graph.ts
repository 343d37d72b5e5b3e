import type { RunGraphAnswer } from '@larder/contracts';
import type { Output } from './output.ts';
import { printableCount } from './printable.ts';
import { statusText } from './print-runs.ts';
import { table } from './table.ts';

/** Prints the runs of a chain, each after those that fed it, and which ones these are. */
export function printRunGraph({ runs, links }: RunGraphAnswer, out: Output): void {
  const views = new Map(runs.map(({ run_id: runId, view, version }) => [runId, `${view}@${version}`]));
  const lines = table(
    [
      { title: 'RUN' },
      { title: 'VIEW', max: 24 },
      { title: 'FED BY' },
      { title: 'STATUS' },
      { title: 'DONE', align: 'right' },
      { title: 'FAILED', align: 'right' },
    ],
    runs.map(({ run_id: runId, status, rows }) => [
      runId,
      views.get(runId) ?? '',
      links
        .filter((link) => link.run_id === runId)
        .map(({ parent_run_id: parentRunId }) => views.get(parentRunId) ?? parentRunId)
        .join(', '),
      statusText(status, out.style),
      printableCount(rows.done + rows.skipped_unchanged),
      printableCount(rows.failed),
    ]),
  );
  for (const line of lines) out.line(line);
}
