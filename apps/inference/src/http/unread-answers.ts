import type { ServerResponse } from 'node:http';
import { createByteBudget, overloaded, UNCOUNTED_BYTES } from './byte-budget.ts';

/** Limits large answers from when they are written until the operating system has taken them. */
export interface UnreadAnswers {
  /** Call before the answer is written. @throws OVERLOADED */
  hold(response: ServerResponse, bytes: number): void;
  /** Call before a large answer is computed. @throws OVERLOADED while half of the room is taken */
  expectLarge(): void;
}

/** Time for a caller to read a large answer while others need the room. */
const PATIENCE_MS = 30_000;

export function createUnreadAnswers(limitBytes: number, patienceMs = PATIENCE_MS): UnreadAnswers {
  const budget = createByteBudget(limitBytes);
  /** Ordered oldest first. */
  const since = new Map<ServerResponse, number>();

  function release(response: ServerResponse): void {
    since.delete(response);
    budget.release(response);
  }

  /** Cuts callers that exceed their time, until there is room. @throws OVERLOADED */
  function makeRoom(hasRoom: () => boolean): void {
    for (const [oldest, sinceMs] of since) {
      if (hasRoom()) return;
      if (performance.now() - sinceMs < patienceMs) break;
      oldest.req.socket.destroy();
      release(oldest);
    }
    if (!hasRoom()) throw overloaded('Too many large answers wait for their callers to read them; retry.');
  }

  return {
    hold(response, bytes) {
      if (bytes <= UNCOUNTED_BYTES || response.destroyed) return;
      makeRoom(() => budget.heldBytes + bytes <= limitBytes);
      budget.hold(response, bytes);
      since.set(response, performance.now());
      response.once('close', () => release(response));
    },
    expectLarge: () => makeRoom(() => budget.heldBytes <= limitBytes / 2),
  };
}
