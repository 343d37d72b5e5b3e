import type { FailuresAnswer, Run, RunRowFailure } from '@larder/contracts';
import type { Output } from '../output/output.ts';
import { rowsText, statusText, tookText } from '../output/print-runs.ts';
import { oneLine, printableCount } from '../output/printable.ts';

const EXAMPLES = 3;
/** Enough to see the problem; a run may have a million failures. */
const MAX_FAILURES = 20_000;

/** Failures of one code, as in `larder backfill --json`. */
export interface FailureGroup {
  readonly code: string;
  /** A lower bound when `complete` is false. */
  readonly count: number;
  readonly complete: boolean;
  readonly retryable: boolean;
  readonly examples: readonly { readonly key: string | null; readonly reason: string }[];
}

/** Failures grouped by code, the most frequent first. */
export async function failuresByCode(
  readPage: (cursor: string | undefined) => Promise<FailuresAnswer>,
): Promise<FailureGroup[]> {
  const groups = new Map<string, RunRowFailure[]>();
  let cursor: string | undefined;
  let read = 0;
  do {
    const page = await readPage(cursor);
    for (const failure of page.failures) {
      const group = groups.get(failure.code);
      if (group) group.push(failure);
      else groups.set(failure.code, [failure]);
    }
    read += page.failures.length;
    cursor = page.cursor ?? undefined;
  } while (cursor !== undefined && read < MAX_FAILURES);
  const complete = cursor === undefined;
  return [...groups]
    .map(([code, failures]) => ({
      code,
      count: failures.length,
      complete,
      retryable: failures.some(({ retryable }) => retryable),
      examples: failures.slice(0, EXAMPLES).map(({ key, reason }) => ({ key, reason })),
    }))
    .sort((a, b) => b.count - a.count);
}

/** Prints how a backfill ended. */
export function printSummary(run: Run, failures: readonly FailureGroup[], out: Output): void {
  const { style } = out;
  const sign = run.status === 'succeeded' ? style.green('✓') : style.yellow('!');
  out.line(
    `${run.status === 'failed' ? style.red('✗') : sign} ${run.view}@${run.version} ${statusText(run.status, style)}${run.started_at === null ? ' before it started' : ` in ${tookText(run)}`}: ${rowsText(run)}`,
  );
  if (run.error) out.line(`  ${style.red(run.error.code)}  ${run.error.reason}`);
  for (const { code, count, complete, examples } of failures) {
    out.line(`  ${style.yellow(`${complete ? '' : 'at least '}${printableCount(count)} × ${code}`)}`);
    for (const { key, reason } of examples) {
      const line = `      ${(key ?? '(chunk)').padEnd(12)} ${oneLine(reason)}`;
      // The reason why a whole chunk failed says what to fix, so it is never cut.
      out.line(key === null ? line : out.fit(line));
    }
    if (count > examples.length)
      out.line(`      and ${complete ? '' : 'at least '}${printableCount(count - examples.length)} more`);
  }
  if (failures.length === 0) return;
  const read = failures.reduce((sum, { count }) => sum + count, 0);
  if (failures.some(({ count, examples }) => count > examples.length))
    out.line(`  List them: larder runs ${run.run_id} --limit ${read}`);
  if (run.status !== 'cancelled') out.line(`  Fix the cause, then: larder runs ${run.run_id} retry-failed`);
}
