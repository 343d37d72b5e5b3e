import type { PredictionView } from '@larder/offline-store';
import { readRowHeader, type RowOrNull, wasWritten } from '@larder/online-store';
import { readingAt, type Batch } from '../batch.ts';
import { OUTSIDE_MAX_AGE, PRESENT, STATUS_NAMES } from '../readings/view-statuses.ts';

const NO_NAMES: readonly string[] = [];

/** References of the stored features whose default a row of the request used. */
export function defaultsRead(batch: Batch, row: number): readonly string[] {
  let used = NO_NAMES;
  const { statuses, rows } = batch.readings;
  for (const view of batch.plan.views) {
    const { all, nullsOf } = view.defaulted;
    if (all.length === 0) continue;
    const at = readingAt(batch, row, view);
    let names = all;
    if (statuses[view.group]?.[at] === PRESENT) {
      const nulls = nullsOf(rows[view.group]?.[at] as Buffer);
      if (nulls.length === 0) continue;
      names = nulls.map((name) => `${view.ref}:${name}`);
    }
    used = used.length === 0 ? names : [...used, ...names];
  }
  return used;
}

/** Which stored rows a row of the request used: pointers into history instead of the values. */
export function viewsRead(batch: Batch, row: number): PredictionView[] {
  const { statuses, rows } = batch.readings;
  const views: PredictionView[] = [];
  for (const view of batch.plan.views) {
    const at = readingAt(batch, row, view);
    const code = statuses[view.group]?.[at] as number;
    const stored = (rows[view.group] as readonly RowOrNull[])[at] ?? null;
    const isRead = stored !== null && (code === PRESENT || code === OUTSIDE_MAX_AGE) && wasWritten(stored);
    const header = isRead ? readRowHeader(stored) : null;
    views.push({
      ref: view.ref,
      status: STATUS_NAMES[code] ?? 'NOT_FOUND',
      eventTimestampMs: header === null ? null : header.eventTimestampMs,
      createdTimestampMs: header === null ? null : header.createdTimestampMs,
      revision: header === null ? null : header.revision,
    });
  }
  return views;
}
