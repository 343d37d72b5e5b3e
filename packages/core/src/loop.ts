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
}

/** Repeats a turn forever, also after failures; a failure is logged once until a turn succeeds again. */
export function startLoop(options: LoopOptions): Loop {
  const stopped = new AbortController();
  let failing = false;
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
        if (failing) options.logger.info(`${options.name} works again`);
        failing = false;
      } catch (error) {
        if (!failing) options.logger.warn({ err: error }, `${options.name} failed; retrying`);
        failing = true;
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
