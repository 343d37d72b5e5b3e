import { formatDurationMs } from '@larder/core';
import { scheduleText, viewRef, type FeatureViewManifest } from '@larder/features';
import type { ViewStanding } from '@larder/materialization/views';
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
  readonly view: FeatureViewManifest;
  readonly standing: ViewStanding;
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
  const ago = (at: Date | null | undefined): string => (at ? printableAgo(nowMs - at.getTime()) : 'never');
  const declared = views.some(({ view }) => view.freshness_objective_ms !== undefined);
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
    views.map(({ view, standing: { schedule, freshness }, read }) => [
      viewRef(view),
      view.entity,
      printableCount(freshness?.rowsOnline ?? 0),
      ago(freshness?.newestEventTimestamp),
      ago(freshness?.newestLandedAt),
      ...(declared ? [objectiveText(view)] : []),
      scheduleText(view.schedule),
      dueText({ scheduled: view.schedule !== null, read, at: schedule?.nextDueAt ?? null, nowMs }),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
  if (!workerRuns && views.some(({ standing }) => standing.schedule?.nextDueAt))
    out.line(out.style.yellow('No worker runs: scheduled runs wait. larder up starts one.'));
}

function objectiveText({ freshness_objective_ms: objectiveMs }: FeatureViewManifest): string {
  return objectiveMs === undefined ? '' : formatDurationMs(objectiveMs);
}

interface Due {
  readonly scheduled: boolean;
  readonly read: boolean;
  readonly at: Date | null;
  readonly nowMs: number;
}

function dueText({ scheduled, read, at, nowMs }: Due): string {
  if (at !== null)
    return `${printableInstant(at.toISOString())}${nowMs - at.getTime() > OVERDUE_AFTER_MS ? ' (overdue)' : ''}`;
  if (!scheduled) return '';
  return read ? 'once applied' : 'not scheduled: nothing reads this version';
}
