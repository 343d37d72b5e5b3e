import { LarderError } from '@larder/core';

/** Bodies and answers up to here are bounded by the number of connections; whatever is larger is counted. */
export const UNCOUNTED_BYTES = 16 * 1024;

/** Bytes that the process holds for its callers, all of them together up to a limit. */
export interface ByteBudget {
  /** Adds to what the owner holds; false when it does not fit. */
  hold(owner: object, bytes: number): boolean;
  /** Lets go of all that the owner holds; again does nothing. */
  release(owner: object): void;
  readonly heldBytes: number;
}

export function createByteBudget(limitBytes: number): ByteBudget {
  const held = new Map<object, number>();
  let heldBytes = 0;
  return {
    hold(owner, bytes) {
      if (heldBytes + bytes > limitBytes) return false;
      heldBytes += bytes;
      held.set(owner, (held.get(owner) ?? 0) + bytes);
      return true;
    },
    release(owner) {
      if (heldBytes === 0) return;
      heldBytes -= held.get(owner) ?? 0;
      held.delete(owner);
    },
    get heldBytes() {
      return heldBytes;
    },
  };
}

export function overloaded(detail: string): LarderError {
  return new LarderError('OVERLOADED', detail, { retryAfterSeconds: 1 });
}
