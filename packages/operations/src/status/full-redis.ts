import type { Problem } from './problem.ts';

export interface MemoryStanding {
  readonly usedBytes: number;
  /** Null: Redis has no limit of its own. */
  readonly limitBytes: number | null;
}

const NOTED = 0.9;
/** Deletions make room now and then, so that writes fail in part. */
const FULL = 0.99;

/** A Redis that is full answers reads, so that nothing else tells before rows are missed. */
export function fullRedis({ usedBytes, limitBytes }: MemoryStanding): Problem[] {
  if (limitBytes === null || usedBytes < limitBytes * NOTED) return [];
  const isFull = usedBytes >= limitBytes * FULL;
  const used = `it uses ${megabytes(usedBytes)} of its maxmemory of ${megabytes(limitBytes)}`;
  return [
    {
      kind: 'redis_full',
      severity: isFull ? 'act' : 'note',
      subject: 'Redis',
      since: null,
      detail: isFull ? `${used} and refuses writes: no rows land online, and no work is queued` : used,
      next: 'Raise its maxmemory, or shorten the TTL of views',
    },
  ];
}

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6).toLocaleString('en-US')} MB`;
