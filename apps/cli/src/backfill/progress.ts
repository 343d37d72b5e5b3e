import type { Run } from '@larder/contracts';
import { formatDurationMs } from '@larder/core';
import { Presets, SingleBar } from 'cli-progress';
import type { Output } from '../output/output.ts';
import { printableCount } from '../output/printable.ts';

/** Interval of lines when stderr is not a terminal. */
const LINE_INTERVAL_MS = 3_000;

export interface Progress {
  update(run: Run): void;
  /** A remark that the bar does not overwrite. */
  say(text: string): void;
  stop(): void;
}

/** A moving bar on a terminal; elsewhere a line every few seconds while the run gets on. Both on stderr. */
export function createProgress(out: Output): Progress {
  const progress = out.interactive && !out.json ? movingBar(out) : lines(out);
  const steady = steadyEta();
  return { ...progress, update: (run) => progress.update({ ...run, eta_seconds: steady(run) }) };
}

/** Rows are counted in steps, while time goes on: between two steps the time left falls instead of rising. */
function steadyEta(): (run: Run) => number | null {
  let last = { handled: -1, etaSeconds: 0, atMs: 0 };
  return (run) => {
    if (run.eta_seconds === null) return null;
    const nowMs = performance.now();
    if (handled(run) !== last.handled)
      last = { handled: handled(run), etaSeconds: run.eta_seconds, atMs: nowMs };
    const left = last.etaSeconds - (nowMs - last.atMs) / 1_000;
    // an estimate that has run out says nothing
    return left < 1 ? null : Math.round(left);
  };
}

function movingBar(out: Output): Progress {
  const bar = new SingleBar(
    {
      stream: out.stderr,
      format: `{bar} {value}/{total}  {payload}`,
      barsize: 30,
      hideCursor: true,
      linewrap: false,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  bar.start(1, 0, { payload: 'queued' });
  return {
    update(run) {
      bar.setTotal(Math.max(run.rows.total ?? 1, 1));
      bar.update(handled(run), { payload: payload(run) });
    },
    say(text) {
      bar.stop();
      out.note(text);
      bar.start(bar.getTotal(), 0, { payload: '' });
    },
    stop: () => bar.stop(),
  };
}

function lines(out: Output): Progress {
  let lastMs = Number.NEGATIVE_INFINITY;
  let lastState = '';
  return {
    update(run) {
      const nowMs = performance.now();
      const state = `${run.status} ${handled(run)} ${run.rows.failed} ${run.rows.total}`;
      if (nowMs - lastMs < LINE_INTERVAL_MS || state === lastState) return;
      lastMs = nowMs;
      lastState = state;
      out.note(`${run.view}@${run.version} ${handled(run)}/${run.rows.total ?? '?'}  ${payload(run)}`);
    },
    say: (text) => out.note(text),
    stop() {},
  };
}

function handled({ rows }: Run): number {
  return rows.done + rows.failed + rows.skipped_unchanged;
}

function payload(run: Run): string {
  const { status, rows, rows_per_second: rowsPerSecond, eta_seconds: etaSeconds } = run;
  // every row was tried once: a speed over the waits between retries says nothing
  if (status === 'running' && rows.failed > 0 && handled(run) === rows.total)
    return `${status}  retrying up to ${printableCount(rows.failed)} failed rows`;
  const speed = rowsPerSecond === null ? [] : [`${printableCount(rowsPerSecond)} rows/s`];
  const left = etaSeconds === null ? [] : [`${formatDurationMs(etaSeconds * 1_000)} left`];
  return [status, ...speed, `${printableCount(rows.failed)} failed`, ...left].join('  ');
}
