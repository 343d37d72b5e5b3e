import type { HoldsNoRows } from './emptied-redis.ts';
import type { MemoryStanding } from './full-redis.ts';

/** What only Redis knows; a rejected promise: it does not answer. */
export interface RedisFacts {
  /** @default not asked */
  readonly holdsNoRows?: HoldsNoRows;
  /** @default not asked */
  readonly redisMemory?: () => Promise<MemoryStanding>;
}
