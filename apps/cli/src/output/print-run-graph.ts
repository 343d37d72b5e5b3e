import type { RunGraph } from '@larder/materialization/runs';
import type { Output } from './output.ts';
import { printableCount } from './printable.ts';
import { statusText } from './print-runs.ts';
import { table } from './table.ts';

/** Prints the runs of a chain, each after those that fed it, and which ones these are. */
export function printRunGraph({ runs, links }: RunGraph, out: Output): void {
  const views = new Map(runs.map(({ runId, view, version }) => [runId, `${view}@${version}`]));
  const lines = table(
    [
      { title: 'RUN' },
      { title: 'VIEW', max: 24 },
      { title: 'FED BY' },
      { title: 'STATUS' },
      { title: 'DONE', align: 'right' },
      { title: 'FAILED', align: 'right' },
    ],
    runs.map(({ runId, status, rows }) => [
      runId,
      views.get(runId) ?? '',
      links
        .filter((link) => link.runId === runId)
        .map(({ parentRunId }) => views.get(parentRunId) ?? parentRunId)
        .join(', '),
      statusText(status, out.style),
      printableCount(rows.done + rows.skippedUnchanged),
      printableCount(rows.failed),
    ]),
  );
  for (const line of lines) out.line(line);
}
