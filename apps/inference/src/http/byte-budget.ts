import { LarderError } from '@larder/core';

/** Bodies and answers up to this size are bounded by the number of connections; larger ones are counted. */
export const UNCOUNTED_BYTES = 16 * 1024;

/** Limits the total number of bytes that the process holds for its callers. */
export interface ByteBudget {
  /** Adds to the bytes that the owner holds; false when they do not fit. */
  hold(owner: object, bytes: number): boolean;
  /** Releases everything that the owner holds; calling it again does nothing. */
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
