import type { OfflineStore } from '../offline-store.ts';

/** How full a pool of connections is. */
export interface PoolStats {
  readonly limit: number;
  readonly connections: {
    readonly busy: number;
    readonly idle: number;
    /** Requests that wait for a free one. */
    readonly waiting: number;
  };
}

export function poolStats({ options, totalCount, idleCount, waitingCount }: OfflineStore['pool']): PoolStats {
  return {
    limit: options.max ?? 10,
    connections: { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount },
  };
}
