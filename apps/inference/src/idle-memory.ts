import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface IdleMemory {
  close(): void;
}

export interface IdleMemoryOptions {
  /** How long the process must have been idle. @default 10 seconds */
  readonly intervalMs?: number;
}

type Collect = (options: {
  readonly type: 'major';
  readonly execution: 'async';
  readonly flavor: 'last-resort';
}) => Promise<void>;

const INTERVAL_MS = 10_000;
/** Share of time in which the event loop was busy. */
const IDLE = 0.05;
const MAX_GROWTH = 1.5;
const MIN_GROWTH_BYTES = 32 * 2 ** 20;

/**
 * Releases memory after a burst. V8 collects garbage on allocation, so a service that is idle afterwards keeps the
 * garbage, and the pages of its heap, for as long as it is idle. This collects once per burst, when the heap has
 * grown by half and the process is idle: it blocks the thread for about a tenth of a second.
 */
export function startIdleMemory({ intervalMs = INTERVAL_MS }: IdleMemoryOptions = {}): IdleMemory {
  const collect = collector();
  let before = performance.eventLoopUtilization();
  let settledBytes = process.memoryUsage().heapTotal;
  let collecting = false;

  const look = async (): Promise<void> => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    const { heapTotal } = process.memoryUsage();
    const isGrown = heapTotal > Math.max(settledBytes * MAX_GROWTH, settledBytes + MIN_GROWTH_BYTES);
    if (collecting || utilization > IDLE || !isGrown) return;
    collecting = true;
    try {
      await collect({ type: 'major', execution: 'async', flavor: 'last-resort' });
    } finally {
      collecting = false;
      settledBytes = process.memoryUsage().heapTotal;
    }
  };
  const timer = setInterval(() => void look(), intervalMs).unref();
  return { close: () => clearInterval(timer) };
}

/** V8's own collection, without a flag at process start. */
function collector(): Collect {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  return collect;
}
