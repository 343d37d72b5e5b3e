import { createByteBudget } from './byte-budget.ts';

/** Limits the total size of large request bodies, from their first byte until their requests are answered. */
export interface BodyRoom {
  /**
   * Adds to what the request holds; false when it does not fit, even without the bodies whose time to arrive is over.
   * `cut` is called when this body must make room for others; it must release the request.
   */
  hold(request: object, bytes: number, cut: () => void): boolean;
  /** Marks the body as complete: its computation has a deadline, so no other body cuts it. */
  arrived(request: object): void;
  /** Releases everything that the request holds; calling it again does nothing. */
  release(request: object): void;
  readonly heldBytes: number;
}

/** Time for a body to arrive while others need its room. */
const PATIENCE_MS = 2_000;

/** Without this limit, callers that stall could hold the whole room until the request timeout, and then send again. */
export function createBodyRoom(limitBytes: number, patienceMs = PATIENCE_MS): BodyRoom {
  const budget = createByteBudget(limitBytes);
  /** Ordered oldest first. */
  const arriving = new Map<object, { readonly sinceMs: number; readonly cut: () => void }>();

  function makeRoom(request: object, bytes: number): void {
    const nowMs = performance.now();
    for (const [oldest, { sinceMs, cut }] of arriving) {
      if (budget.heldBytes + bytes <= limitBytes || nowMs - sinceMs < patienceMs) return;
      if (oldest !== request) cut();
    }
  }

  return {
    hold(request, bytes, cut) {
      makeRoom(request, bytes);
      if (!budget.hold(request, bytes)) return false;
      if (!arriving.has(request)) arriving.set(request, { sinceMs: performance.now(), cut });
      return true;
    },
    arrived: (request) => void arriving.delete(request),
    release(request) {
      arriving.delete(request);
      budget.release(request);
    },
    get heldBytes() {
      return budget.heldBytes;
    },
  };
}
