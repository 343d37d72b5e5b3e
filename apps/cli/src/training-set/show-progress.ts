import { formatDurationMs } from '@larder/core';
import type { BuildProgress } from '@larder/training';
import { Presets, SingleBar } from 'cli-progress';
import type { Output } from '../output/output.ts';
import { printableCount } from '../output/printable.ts';

const STAGES: Readonly<Record<BuildProgress['stage'], string>> = {
  spine: 'reading the rows',
  join: 'joining',
  on_demand: 'on-demand features',
  write: 'writing',
  statistics: 'statistics',
};
/** Interval of lines when stderr is not a terminal. */
const LINE_INTERVAL_MS = 3_000;

export interface BuildProgressShown {
  readonly update: (progress: BuildProgress) => void;
  stop(): void;
}

/** A moving bar on a terminal; elsewhere a line every few seconds, and at the end of a stage that was shown. Both on stderr, with the speed and the time left of the stage. */
export function showProgress(out: Output): BuildProgressShown {
  const payload = speed();
  if (out.interactive && !out.json) {
    const bar = new SingleBar(
      {
        stream: out.stderr,
        format: `{bar} {payload}`,
        barsize: 30,
        hideCursor: true,
        linewrap: false,
        gracefulExit: false,
      },
      Presets.shades_classic,
    );
    bar.start(1, 0, { payload: STAGES.spine });
    return {
      update(progress) {
        bar.setTotal(Math.max(progress.total ?? 1, 1));
        bar.update(progress.done, { payload: payload(progress) });
      },
      stop: () => bar.stop(),
    };
  }
  let lastMs = performance.now();
  let shown: BuildProgress['stage'] | null = null;
  return {
    update(progress) {
      const nowMs = performance.now();
      const text = payload(progress);
      const ended = progress.stage === shown && progress.done === progress.total;
      if (nowMs - lastMs < LINE_INTERVAL_MS && !ended) return;
      lastMs = nowMs;
      shown = ended ? null : progress.stage;
      out.note(text);
    },
    stop() {},
  };
}

function speed(): (progress: BuildProgress) => string {
  let stage: string | null = null;
  let startedMs = 0;
  return ({ stage: now, done, total }) => {
    if (now !== stage) {
      stage = now;
      startedMs = performance.now();
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    const counted = total === null ? [] : [`${printableCount(done)}/${printableCount(total)}`];
    if (now === 'statistics' || done === 0 || seconds < 1) return [STAGES[now], ...counted].join('  ');
    const rate = done / seconds;
    const left =
      total === null || done >= total ? [] : [`${formatDurationMs(((total - done) / rate) * 1_000)} left`];
    return [STAGES[now], ...counted, `${printableCount(Math.round(rate))} rows/s`, ...left].join('  ');
  };
}
