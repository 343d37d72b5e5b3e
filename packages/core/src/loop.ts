import type { Logger } from './logger.ts';

export interface Loop {
  /** Starts the next turn now, or right after the current one. */
  wake(): void;
  /** Resolves when the current turn has ended; no other starts. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  readonly name: string;
  /** Pause between the end of a turn and the next one. */
  readonly intervalMs: number;
  readonly logger: Logger;
  /** True: there is more to do, so the next turn starts at once. */
  readonly turn: () => Promise<boolean | void>;
  /** It works again when no turn has failed for as long: some fail at every other turn, for hours. @default 10,000 */
  readonly calmMs?: number;
}

const CALM_MS = 10_000;

/** Repeats a turn forever, also after failures; a failure is logged once until a turn succeeds again. */
export function startLoop(options: LoopOptions): Loop {
  const stopped = new AbortController();
  const { calmMs = CALM_MS } = options;
  let failing = false;
  let told = false;
  let failedAtMs = 0;
  let woken = false;
  let endPause: () => void = () => {};
  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, options.intervalMs);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const wake = (): void => {
    woken = true;
    endPause();
  };
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      let more: boolean | void = false;
      woken = false;
      try {
        more = await options.turn();
        failing = false;
        if (told && performance.now() - failedAtMs >= calmMs) {
          options.logger.info(`${options.name} works again`);
          told = false;
        }
      } catch (error) {
        if (!told) options.logger.warn({ err: error }, `${options.name} failed; retrying`);
        failing = true;
        told = true;
        failedAtMs = performance.now();
      }
      if (more !== true && (!woken || failing) && !stopped.signal.aborted) await pause();
    }
  };
  const running = run();
  return {
    wake,
    stop() {
      stopped.abort();
      wake();
      return running;
    },
  };
}
