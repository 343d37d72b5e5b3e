import { setImmediate as breath } from 'node:timers/promises';
import { LarderError } from '@larder/core';

/** Runs large pieces of work one after another, so that a hundred of them take the memory of one and other work runs in between. */
export interface Turns {
  /** Runs when everything before it has ended. @throws OVERLOADED when too much waits already */
  take<T>(work: () => Promise<T>): Promise<T>;
}

export interface TurnsOptions {
  /** Limit on the work that waits or runs. @default none */
  readonly most?: number;
}

export function createTurns({ most = Infinity }: TurnsOptions = {}): Turns {
  let taken = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    async take(work) {
      if (taken >= most)
        throw new LarderError(
          'OVERLOADED',
          `${most} such requests wait already; try again later, or send fewer and larger ones.`,
          { retryAfterSeconds: 1 },
        );
      taken += 1;
      const turn = last
        .then(() => breath())
        .then(work)
        .finally(() => (taken -= 1));
      last = turn.catch(() => {});
      return turn;
    },
  };
}
