import type { Run, RunRowFailure, RunStatus } from '@larder/contracts';
import { formatDurationMs } from '@larder/core';
import type { Output, Style } from './output.ts';
import { oneLine, printableAgo, printableCount, printableInstant } from './printable.ts';
import { table } from './table.ts';

const MAX_KEY_WIDTH = 32;

/** Prints the newest runs, one line each. */
export function printRuns(runs: readonly Run[], { complete }: { complete: boolean }, out: Output): void {
  if (runs.length === 0) {
    out.note('There is no such run. Start one: larder backfill VIEW');
    return;
  }
  const nowMs = Date.now();
  const lines = table(
    [
      { title: 'RUN' },
      { title: 'VIEW', max: 24 },
      { title: 'TRIGGER' },
      { title: 'STATUS' },
      { title: 'DONE', align: 'right' },
      { title: 'SKIPPED', align: 'right' },
      { title: 'FAILED', align: 'right' },
      { title: 'CREATED' },
      { title: 'TOOK' },
    ],
    runs.map((run) => [
      run.run_id,
      `${run.view}@${run.version}`,
      run.trigger,
      statusText(run.status, out.style),
      `${printableCount(run.rows.done + run.rows.skipped_unchanged)}/${run.rows.total === null ? '?' : printableCount(run.rows.total)}`,
      printableCount(run.rows.skipped_unchanged),
      printableCount(run.rows.failed),
      printableAgo(nowMs - Date.parse(run.created_at)),
      tookText(run),
    ]),
  );
  for (const line of lines) out.line(line);
  if (!complete) out.note(`There are more; the newest ${runs.length} are shown (--limit).`);
}

export interface RunDetail {
  readonly failures: readonly RunRowFailure[];
  /** False: there are more. */
  readonly complete: boolean;
}

/** Prints everything about one run. */
export function printRun(run: Run, { failures, complete }: RunDetail, out: Output): void {
  const { style } = out;
  out.line(
    `${style.bold(`run ${run.run_id}`)}  ${run.view}@${run.version}  ${statusText(run.status, style)}`,
  );
  fact('rows', rowsText(run));
  fact('scope', `${scopeText(run)}, ${run.trigger}, revision ${run.revision}`);
  fact('created', printableInstant(run.created_at));
  if (run.started_at) fact('started', printableInstant(run.started_at));
  if (run.finished_at)
    fact(
      'finished',
      `${printableInstant(run.finished_at)}  ${run.started_at === null ? 'before it started' : `after ${tookText(run)}`}`,
    );
  if (run.eta_seconds !== null)
    fact('left', `about ${formatDurationMs(Math.round(run.eta_seconds) * 1_000)}`);
  if (run.waiting_detail) fact('waits', style.yellow(run.waiting_detail));
  if (run.error) fact('error', style.red(`${run.error.code}: ${run.error.reason}`));
  if (failures.length === 0) return;
  out.line();
  const lines = table(
    [{ title: 'KEY' }, { title: 'CODE' }, { title: 'TRIES', align: 'right' }, { title: 'REASON' }],
    failures.map(({ key, row_kept: kept, code, attempts, reason }) => [
      out.fit(key ?? (kept ? '(chunk)' : '(rejected)'), MAX_KEY_WIDTH),
      code,
      String(attempts),
      oneLine(reason),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
  if (!complete)
    out.note(
      `There are more failures; the first ${failures.length} are shown. Show more: larder runs ${run.run_id} --limit ${10 * failures.length}`,
    );
  const next = nextText(run, failures);
  if (next !== null) out.line(next);

  function fact(name: string, text: string): void {
    out.line(`  ${style.dim(name.padEnd(9))}${text}`);
  }
}

function nextText(run: Run, failures: readonly RunRowFailure[]): string | null {
  if (run.status === 'paused') return `The run is paused. Resume it: larder runs ${run.run_id} resume`;
  if (run.status === 'cancelled') return null;
  if (run.finished_at !== null && !failures.some(({ row_kept: kept }) => kept))
    return 'Rejected rows are not kept: correct them and push them again.';
  if (run.finished_at !== null) return `Retry them: larder runs ${run.run_id} retry-failed`;
  return failures.some(({ retryable }) => retryable)
    ? 'The run continues; failures that may resolve themselves are retried, up to five times.'
    : 'The run continues; it does not retry these failures.';
}

export function statusText(status: RunStatus, style: Style): string {
  switch (status) {
    case 'succeeded':
      return style.green(status);
    case 'failed':
      return style.red(status);
    case 'partial':
    case 'held':
    case 'cancelled':
    case 'paused':
      return style.yellow(status);
    case 'queued':
    case 'running':
      return style.cyan(status);
  }
}

export function rowsText({ rows, rows_per_second: rowsPerSecond }: Run): string {
  const parts = [
    `${printableCount(rows.done)} computed`,
    `${printableCount(rows.skipped_unchanged)} skipped`,
    `${printableCount(rows.failed)} failed`,
  ];
  const total = rows.total === null ? 'not counted yet' : `of ${printableCount(rows.total)}`;
  const speed = rowsPerSecond === null ? '' : `, ${printableCount(rowsPerSecond)} rows/s`;
  return `${parts.join(', ')}, ${total}${speed}`;
}

export function tookText({ started_at: startedAt, finished_at: finishedAt }: Run): string {
  if (startedAt === null) return '';
  return formatDurationMs(
    (finishedAt === null ? Date.now() : Date.parse(finishedAt)) - Date.parse(startedAt),
  );
}

function scopeText({ scope }: Run): string {
  switch (scope?.kind) {
    case 'pushed':
      return 'pushed rows';
    case 'chained':
      return 'rows that other views land';
    case 'all':
      return 'all rows';
    case 'missing':
      return 'entities that were never computed';
    case 'event_time':
      return `event time from ${scope.from} to ${scope.to}`;
    case 'entities':
      return `${scope.entities} ${scope.entities === 1 ? 'entity' : 'entities'}`;
    case undefined:
      return 'unknown rows';
  }
}
