import { createByteBudget } from './byte-budget.ts';

/** Large request bodies from their first byte until their requests are answered, all of them together up to a limit. */
export interface BodyRoom {
  /**
   * Adds to what the request holds; false when it does not fit, also without the bodies that had their time to arrive.
   * `cut` hears when this one makes room for others; it must release the request.
   */
  hold(request: object, bytes: number, cut: () => void): boolean;
  /** It is complete: whatever is computed with it has a deadline, and no other body cuts it. */
  arrived(request: object): void;
  /** Lets go of all that the request holds; again does nothing. */
  release(request: object): void;
  readonly heldBytes: number;
}

/** How long a body may take to arrive while others need its room. */
const PATIENCE_MS = 2_000;

/** Callers that stall could hold the whole room for as long as a request may take to arrive, and then send again. */
export function createBodyRoom(limitBytes: number, patienceMs = PATIENCE_MS): BodyRoom {
  const budget = createByteBudget(limitBytes);
  /** Oldest first. */
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
