import { setTimeout as sleep } from 'node:timers/promises';
import { shellWord } from '@larder/core';
import { lastWords, type OwnedProcess } from '../owned-process.ts';
import { silenceMs, untilSilent, type Liveness } from './until-silent.ts';

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
/** A process that does not answer may still react to SIGTERM; a stopped or looping one does not. */
const HUNG_GRACE_MS = 5_000;
/** A process that ran for this long had started well: the next restart waits only briefly again. */
const STEADY_MS = 30_000;

export interface SuperviseOptions {
  readonly name: string;
  /** Starts the process and resolves once it is ready; gives up when the signal is aborted. */
  readonly start: (signal: AbortSignal) => Promise<OwnedProcess>;
  /** Probes the process once it is ready; one that runs and does not answer is restarted. */
  readonly liveness: Liveness;
  readonly onProgress: (message: string) => void;
  /** Called when a process died, and when it cannot be restarted. */
  readonly onTrouble: (message: string) => void;
  /** Called with the new process after a restart. */
  readonly onRestart?: (pid: number) => void;
  /** Time limit of an orderly shutdown. */
  readonly stopGraceMs: number;
}

export interface Supervised {
  readonly name: string;
  /** Id of the current process; changes after a restart. */
  pid(): number;
  /** Stops it for good. */
  stop(graceMs?: number): Promise<void>;
}

/** Keeps a process running: one that ends or hangs is restarted, after a wait that doubles. @throws the error of the first start */
export async function supervise(options: SuperviseOptions, signal: AbortSignal): Promise<Supervised> {
  const { name, onProgress, onTrouble } = options;
  const stopping = new AbortController();
  let current = await options.start(AbortSignal.any([signal, stopping.signal]));

  const watching = (async () => {
    let delayMs = FIRST_DELAY_MS;
    let startedAtMs = Date.now();
    while (!stopping.signal.aborted) {
      const ended = new AbortController();
      const hanging = endOnceSilent(current, AbortSignal.any([stopping.signal, ended.signal]));
      const { code, signal: killedBy } = await current.exited;
      ended.abort();
      await hanging;
      if (stopping.signal.aborted) return;
      if (Date.now() - startedAtMs > STEADY_MS) delayMs = FIRST_DELAY_MS;
      const said = killedBy === null && code !== 0 ? lastWords(current) : '';
      onTrouble(
        `${name} ended (${killedBy ?? `exit code ${code}`})${said === '' ? '' : `: ${said}`}; restarting it in ${delayMs / 1_000} s. Its log: ${shellWord(current.logFile)}`,
      );
      for (;;) {
        await sleep(delayMs, undefined, { signal: stopping.signal }).catch(() => {});
        if (stopping.signal.aborted) return;
        delayMs = Math.min(2 * delayMs, MAX_DELAY_MS);
        try {
          current = await options.start(stopping.signal);
          startedAtMs = Date.now();
          options.onRestart?.(current.pid);
          onProgress(`${name} is back (pid ${current.pid}).`);
          break;
        } catch (error) {
          if (stopping.signal.aborted) return;
          onTrouble(`${name} does not start; next try in ${delayMs / 1_000} s. ${messageOf(error)}`);
        }
      }
    }
  })();

  async function endOnceSilent(owned: OwnedProcess, until: AbortSignal): Promise<void> {
    if (!(await untilSilent(options.liveness, until))) return;
    const seconds = silenceMs(options.liveness) / 1_000;
    onTrouble(`${name} (pid ${owned.pid}) has not answered for ${seconds} s; restarting it.`);
    await owned.stop(HUNG_GRACE_MS);
  }

  return {
    name,
    pid: () => current.pid,
    async stop(graceMs = options.stopGraceMs) {
      stopping.abort();
      await current.stop(graceMs);
      await watching;
      // a restart in progress when the stop came
      await current.stop(graceMs);
    },
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
