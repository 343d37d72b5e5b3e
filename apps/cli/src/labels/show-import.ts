import { formatDurationMs } from '@larder/core';
import { Presets, SingleBar } from 'cli-progress';
import type { Output } from '../output/output.ts';
import { printableCount } from '../output/printable.ts';

export interface ImportShown {
  update(progress: { readonly done: number; readonly total: number }): void;
  stop(): void;
}

const LINE_INTERVAL_MS = 3_000;

/** A moving bar on a terminal; elsewhere a line every few seconds. Both on stderr. */
export function showImport(out: Output): ImportShown {
  const startedMs = performance.now();
  let lastMs = startedMs;
  const bar =
    out.interactive && !out.json
      ? new SingleBar({ stream: out.stderr, format: '{bar} {payload}', barsize: 30 }, Presets.shades_classic)
      : null;
  bar?.start(1, 0, { payload: 'reading the file' });
  return {
    update({ done, total }) {
      const nowMs = performance.now();
      const rate = done / ((nowMs - startedMs) / 1_000);
      const left = formatDurationMs(Math.round((total - done) / rate) * 1_000);
      const payload = `${printableCount(done)}/${printableCount(total)}  ${printableCount(Math.round(rate))} labels/s  ${left} left`;
      bar?.setTotal(Math.max(total, 1));
      bar?.update(done, { payload });
      if (bar !== null || nowMs - lastMs < LINE_INTERVAL_MS) return;
      lastMs = nowMs;
      out.note(payload);
    },
    stop: () => bar?.stop(),
  };
}
