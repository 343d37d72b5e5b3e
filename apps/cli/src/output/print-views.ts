import { formatDurationMs } from '@larder/core';
import { scheduleText } from '@larder/features';
import type { ListedView } from '../control/control.ts';
import type { Output } from './output.ts';
import { printableAgo, printableCount, printableInstant } from './printable.ts';
import { table } from './table.ts';

/** A worker that runs takes a due schedule within seconds. */
const OVERDUE_AFTER_MS = 10_000;

export interface ViewsContext {
  /** Names of the on-demand views. */
  readonly onDemand: readonly string[];
  readonly workerRuns: boolean;
}

export interface ShownView {
  readonly view: ListedView;
  /** True: a model reads it, or it is the newest version. */
  readonly read: boolean;
}

/** Prints every view version: how fresh it is, and when it is due next. */
export function printViews(
  views: readonly ShownView[],
  { onDemand, workerRuns }: ViewsContext,
  out: Output,
): void {
  if (onDemand.length > 0)
    out.note(`Computed on demand, so neither stored nor scheduled: ${onDemand.join(', ')}`);
  if (views.length === 0) {
    if (onDemand.length > 0) return;
    out.note('There are no feature views. Apply those of larder.config.ts: larder apply');
    return;
  }
  const nowMs = Date.now();
  const ago = (at: string | null | undefined): string =>
    at ? printableAgo(nowMs - Date.parse(at)) : 'never';
  const declared = views.some(({ view }) => view.freshness_objective_ms !== null);
  const lines = table(
    [
      { title: 'VIEW' },
      { title: 'ENTITY' },
      { title: 'ROWS ONLINE', align: 'right' },
      { title: 'NEWEST EVENT' },
      { title: 'LANDED' },
      ...(declared ? [{ title: 'OBJECTIVE' }] : []),
      { title: 'SCHEDULE' },
      { title: 'NEXT DUE' },
    ],
    views.map(({ view, read }) => [
      view.ref,
      view.entity,
      printableCount(view.freshness?.rows_online ?? 0),
      ago(view.freshness?.newest_event_timestamp),
      ago(view.freshness?.newest_landed_at),
      ...(declared ? [objectiveText(view)] : []),
      scheduleText(view.schedule),
      dueText({ scheduled: view.schedule !== null, read, at: view.next_due_at, nowMs }),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
  if (!workerRuns && views.some(({ view }) => view.next_due_at !== null))
    out.line(out.style.yellow('No worker runs: scheduled runs wait. larder worker starts one.'));
}

function objectiveText({ freshness_objective_ms: objectiveMs }: ListedView): string {
  return objectiveMs === null ? '' : formatDurationMs(objectiveMs);
}

interface Due {
  readonly scheduled: boolean;
  readonly read: boolean;
  readonly at: string | null;
  readonly nowMs: number;
}

function dueText({ scheduled, read, at, nowMs }: Due): string {
  if (at !== null)
    return `${printableInstant(at)}${nowMs - Date.parse(at) > OVERDUE_AFTER_MS ? ' (overdue)' : ''}`;
  if (!scheduled) return '';
  return read ? 'once applied' : 'not scheduled: nothing reads this version';
}
