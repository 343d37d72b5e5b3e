import { fork } from 'node:child_process';
import { resolve } from 'node:path';

/** Starts a loop without Larder over picture addresses, in a separate process. */
export interface BareLoop {
  secondsOf(work: { readonly addresses: readonly string[]; readonly threads: number }): Promise<number>;
  stop(): void;
}

/** `describe`: the file in this folder that processes each picture. */
export function startBareLoop(describe: string): BareLoop {
  const loop = fork(resolve(import.meta.dirname, 'bare-loop.ts'), [describe]);
  return {
    secondsOf: (work) =>
      new Promise((done, failed) => {
        const ended = (code: number | null) => failed(new Error(`The bare loop ended with ${code}.`));
        loop.once('exit', ended);
        loop.once('message', (seconds) => {
          loop.off('exit', ended);
          done(seconds as number);
        });
        loop.send(work);
      }),
    stop: () => loop.kill(),
  };
}
