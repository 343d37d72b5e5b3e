import { formatDurationMs } from '@larder/core';
import { Presets, SingleBar } from 'cli-progress';
import type { Output } from './output.ts';
import { printableCount } from './printable.ts';

/** Interval of lines when stderr is not a terminal. */
const LINE_INTERVAL_MS = 3_000;

export interface Progress<Stage extends string> {
  readonly stage: Stage;
  readonly done: number;
  /** Null: not known. */
  readonly total: number | null;
}

export interface StageProgress<Stage extends string> {
  readonly update: (progress: Progress<Stage>) => void;
  stop(): void;
}

/** What each stage is called, in the order of the stages. */
export type StageNames<Stage extends string> = Readonly<Record<Stage, string>>;

/** A moving bar on a terminal; elsewhere a line every few seconds, and at the end of a stage that was shown. Both on stderr, with the speed and the time left of the stage. */
export function stageProgress<Stage extends string>(
  out: Output,
  names: StageNames<Stage>,
  /** Stages that count something else than rows: they have no speed. */
  notRows: readonly NoInfer<Stage>[] = [],
): StageProgress<Stage> {
  const payload = speed(names, notRows);
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
    bar.start(1, 0, { payload: Object.values<string>(names)[0] });
    return {
      update(progress) {
        bar.setTotal(Math.max(progress.total ?? 1, 1));
        bar.update(progress.done, { payload: payload(progress) });
      },
      stop: () => bar.stop(),
    };
  }
  let lastMs = performance.now();
  let shown: Stage | null = null;
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

function speed<Stage extends string>(
  names: StageNames<Stage>,
  notRows: readonly Stage[],
): (progress: Progress<Stage>) => string {
  let stage: string | null = null;
  let startedMs = 0;
  return ({ stage: now, done, total }) => {
    if (now !== stage) {
      stage = now;
      startedMs = performance.now();
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    const of = total === null ? '' : `/${printableCount(total)}`;
    const counted = total === null && done === 0 ? [] : [`${printableCount(done)}${of}`];
    if (notRows.includes(now) || done === 0 || seconds < 1) return [names[now], ...counted].join('  ');
    const rate = done / seconds;
    const left =
      total === null || done >= total ? [] : [`${formatDurationMs(((total - done) / rate) * 1_000)} left`];
    return [names[now], ...counted, `${printableCount(Math.round(rate))} rows/s`, ...left].join('  ');
  };
}
