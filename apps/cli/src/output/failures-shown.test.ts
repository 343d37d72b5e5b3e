import type { Run, RunRowFailure, RunStatus } from '@larder/contracts';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { failuresByCode, printSummary } from '../backfill/print-summary.ts';
import { createProgress } from '../backfill/progress.ts';
import { createOutput } from './output.ts';
import { printRun, printRuns } from './print-runs.ts';

const LONG = `The host did not answer, ${'again and '.repeat(20)}never.`;
const at = '2026-11-20T09:30:00.000Z';

const runThat = (status: RunStatus): Run => ({
  run_id: 'run-1',
  view: 'ad_image',
  version: 1,
  revision: 3,
  trigger: 'backfill',
  scope: { kind: 'all' },
  status,
  rows: { total: 10, done: 4, failed: 6, skipped_unchanged: 0 },
  rows_per_second: null,
  eta_seconds: null,
  created_at: at,
  started_at: at,
  waiting_for: null,
  waiting_detail: null,
  finished_at: at,
  error: null,
});

const failures = Array.from({ length: 6 }, (_, n): RunRowFailure => {
  return {
    key: `ad-${n}`,
    code: 'FETCH_TIMEOUT',
    reason: `${n}: ${LONG}`,
    retryable: true,
    attempts: 5,
    row_kept: true,
    failed_at: at,
  };
});

const groups = await failuresByCode(() => Promise.resolve({ failures, cursor: null }));

function printed(print: (out: ReturnType<typeof createOutput>) => void, terminal = false): string {
  let text = '';
  const stream = () =>
    Object.assign(new PassThrough(), { isTTY: terminal, columns: 80 }).on(
      'data',
      (chunk: Buffer) => (text += chunk.toString()),
    );
  print(createOutput({ json: false, colours: false, columns: 80, stdout: stream(), stderr: stream() }));
  return text;
}

const shown = (status: RunStatus) => [
  printed((out) => printRun(runThat(status), { failures, complete: true }, out)),
  printed((out) => printSummary(runThat(status), groups, out)),
];

test('only a run that can be retried is said to be', () => {
  for (const text of shown('cancelled')) expect(text).not.toContain('retry-failed');
  for (const text of shown('partial')) expect(text).toContain('larder runs run-1 retry-failed');
});

test('a run that goes on says what becomes of its failures', () => {
  const text = (change: Partial<Run>, retryable: boolean) => {
    const run = { ...runThat('running'), finished_at: null, ...change };
    const some = failures.map((failure) => ({ ...failure, retryable }));
    return printed((out) => printRun(run, { failures: some, complete: true }, out));
  };
  expect(text({}, true)).toContain('are retried, up to five times');
  expect(text({}, false)).toContain('does not retry these failures');
  for (const retryable of [true, false]) {
    expect(text({ status: 'paused' }, retryable)).toContain('Resume it: larder runs run-1 resume\n');
    expect(text({ status: 'paused' }, retryable)).not.toContain('continues');
  }
});

test('a run that ended before it started says so', () => {
  const run = { ...runThat('cancelled'), started_at: null };
  expect(printed((out) => printRun(run, { failures: [], complete: true }, out))).toMatch(
    /finished .* UTC {2}before it started\n/,
  );
});

test('a list of runs tells their triggers, and skipped rows from computed ones', () => {
  const run = {
    ...runThat('succeeded'),
    rows: { total: 20_000, done: 0, failed: 0, skipped_unchanged: 20_000 },
  };
  const text = printed((out) => printRuns([run], { complete: true }, out));
  expect(text).toMatch(/VIEW +TRIGGER +STATUS +DONE +SKIPPED +FAILED/);
  expect(text).toMatch(/ad_image@1 +backfill +succeeded +20,000\/20,000 +20,000 +0 /);
});

test('progress of a run that only retries says so instead of a falling speed', () => {
  const rows = { total: 10, done: 4, failed: 6, skipped_unchanged: 0 };
  const text = printed((out) =>
    createProgress(out).update({ ...runThat('running'), finished_at: null, rows, rows_per_second: 0.1 }),
  );
  expect(text).toBe('ad_image@1 10/10  running  retrying up to 6 failed rows\n');
});

test('a summary says how many failures it leaves out, and how to see them', () => {
  expect(shown('partial')[1]).toMatch(/ad-2 .*\n +and 3 more\n +List them: larder runs run-1 --limit 6\n/);
});

test('a part of the failures of a run names the command for more', () => {
  const text = printed((out) => printRun(runThat('partial'), { failures, complete: false }, out));
  expect(text).toContain('the first 6 are shown. Show more: larder runs run-1 --limit 60');
});

test('reasons are whole, except on a terminal', () => {
  for (const text of shown('partial')) {
    expect(text).toContain(`0: ${LONG}`);
    expect(text).not.toContain('…');
  }
  const seen = printed((out) => printRun(runThat('partial'), { failures, complete: true }, out), true);
  expect(seen).toContain('…');
  for (const line of seen.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});
