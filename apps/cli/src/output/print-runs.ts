import { formatDurationMs } from '@larder/core';
import { waitingText, type RunFailure, type RunStatus, type RunSummary } from '@larder/materialization/runs';
import type { Output, Style } from './output.ts';
import { oneLine, printableAgo, printableCount, printableInstant } from './printable.ts';
import { table } from './table.ts';

const MAX_KEY_WIDTH = 32;

/** Prints the newest runs, one line each. */
export function printRuns(
  runs: readonly RunSummary[],
  { complete }: { complete: boolean },
  out: Output,
): void {
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
      run.runId,
      `${run.view}@${run.version}`,
      run.trigger,
      statusText(run.status, out.style),
      `${printableCount(run.rows.done + run.rows.skippedUnchanged)}/${run.rows.total === null ? '?' : printableCount(run.rows.total)}`,
      printableCount(run.rows.skippedUnchanged),
      printableCount(run.rows.failed),
      printableAgo(nowMs - run.createdAt.getTime()),
      tookText(run),
    ]),
  );
  for (const line of lines) out.line(line);
  if (!complete) out.note(`There are more; the newest ${runs.length} are shown (--limit).`);
}

export interface RunDetail {
  readonly failures: readonly RunFailure[];
  /** False: there are more. */
  readonly complete: boolean;
}

/** Prints everything about one run. */
export function printRun(run: RunSummary, { failures, complete }: RunDetail, out: Output): void {
  const { style } = out;
  out.line(`${style.bold(`run ${run.runId}`)}  ${run.view}@${run.version}  ${statusText(run.status, style)}`);
  fact('rows', rowsText(run));
  fact('scope', `${scopeText(run)}, ${run.trigger}, revision ${run.revision}`);
  fact('created', printableInstant(run.createdAt.toISOString()));
  if (run.startedAt) fact('started', printableInstant(run.startedAt.toISOString()));
  if (run.finishedAt)
    fact(
      'finished',
      `${printableInstant(run.finishedAt.toISOString())}  ${run.startedAt === null ? 'before it started' : `after ${tookText(run)}`}`,
    );
  if (run.etaSeconds !== null) fact('left', `about ${formatDurationMs(run.etaSeconds * 1_000)}`);
  const waiting = waitingText(run);
  if (waiting !== null) fact('waits', style.yellow(waiting));
  if (run.error) fact('error', style.red(`${run.error.code}: ${run.error.reason}`));
  if (failures.length === 0) return;
  out.line();
  const lines = table(
    [{ title: 'KEY' }, { title: 'CODE' }, { title: 'TRIES', align: 'right' }, { title: 'REASON' }],
    failures.map(({ key, code, attempts, reason }) => [
      out.fit(key ?? '(chunk)', MAX_KEY_WIDTH),
      code,
      String(attempts),
      oneLine(reason),
    ]),
  );
  for (const line of lines) out.line(out.fit(line));
  if (!complete)
    out.note(
      `There are more failures; the first ${failures.length} are shown. Show more: larder runs ${run.runId} --limit ${10 * failures.length}`,
    );
  const next = nextText(run, failures);
  if (next !== null) out.line(next);

  function fact(name: string, text: string): void {
    out.line(`  ${style.dim(name.padEnd(9))}${text}`);
  }
}

function nextText(run: RunSummary, failures: readonly RunFailure[]): string | null {
  if (run.status === 'paused') return `The run is paused. Resume it: larder runs ${run.runId} resume`;
  if (run.status === 'cancelled') return null;
  if (run.finishedAt !== null) return `Retry them: larder runs ${run.runId} retry-failed`;
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

export function rowsText({ rows, rowsPerSecond }: RunSummary): string {
  const parts = [
    `${printableCount(rows.done)} computed`,
    `${printableCount(rows.skippedUnchanged)} skipped`,
    `${printableCount(rows.failed)} failed`,
  ];
  const total = rows.total === null ? 'not counted yet' : `of ${printableCount(rows.total)}`;
  const speed = rowsPerSecond === null ? '' : `, ${printableCount(rowsPerSecond)} rows/s`;
  return `${parts.join(', ')}, ${total}${speed}`;
}

export function tookText({ startedAt, finishedAt }: RunSummary): string {
  if (startedAt === null) return '';
  return formatDurationMs((finishedAt?.getTime() ?? Date.now()) - startedAt.getTime());
}

function scopeText({ scope }: RunSummary): string {
  if ('pushed' in scope) return 'pushed rows';
  if ('chained' in scope) return 'rows that other views land';
  if ('all' in scope) return 'all rows';
  if ('missing' in scope) return 'entities that were never computed';
  if ('event_time' in scope) return `event time from ${scope.event_time.from} to ${scope.event_time.to}`;
  return `${scope.entities.length} ${scope.entities.length === 1 ? 'entity' : 'entities'}`;
}
