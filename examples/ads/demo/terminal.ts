import pc from 'picocolors';
import { Presets, SingleBar } from 'cli-progress';

const interactive = process.stdout.isTTY;

/** Prints `3  The backfill` with the seconds since the demo began. */
export function heading(number: number, text: string, startedMs: number): void {
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  console.log(`\n${pc.bold(pc.cyan(`${number}  ${text}`))} ${pc.dim(`(${seconds} s)`)}`);
}

export function line(text = ''): void {
  console.log(text === '' ? '' : `   ${text.replaceAll('\n', '\n   ')}`);
}

export function good(text: string): void {
  line(`${pc.green('✓')} ${text}`);
}

export function bad(text: string): void {
  line(`${pc.red('✗')} ${text}`);
}

export interface Bar {
  update(done: number, total: number, payload: string): void;
  stop(): void;
}

/** A moving bar on a terminal; elsewhere a line every few seconds. */
export function bar(label: string): Bar {
  if (!interactive) return lines(label);
  const single = new SingleBar(
    { format: `   ${label} {bar} {value}/{total} {payload}`, hideCursor: true, barsize: 30, linewrap: false },
    Presets.shades_classic,
  );
  return {
    update(done, total, payload) {
      if (single.isActive) single.setTotal(total);
      else single.start(total, done, { payload });
      single.update(done, { payload });
    },
    stop: () => single.stop(),
  };
}

function lines(label: string): Bar {
  let lastMs = performance.now();
  let last = '';
  return {
    update(done, total, payload) {
      last = `${label} ${done}/${total} ${payload}`;
      if (performance.now() - lastMs < 2_000) return;
      lastMs = performance.now();
      line(last);
      last = '';
    },
    stop() {
      if (last !== '') line(last);
    },
  };
}
