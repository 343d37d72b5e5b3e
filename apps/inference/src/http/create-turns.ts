import { setImmediate as breath } from 'node:timers/promises';

/** Runs large pieces of work one after another, so that a hundred of them take the memory of one and other work runs in between. */
export interface Turns {
  /** Runs when everything before it has ended. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(work) {
      const turn = last.then(() => breath()).then(work);
      last = turn.catch(() => {});
      return turn;
    },
  };
}
