import type { Redis } from 'ioredis';

const PING_INTERVAL_MS = 1_000;
const MAX_FAILURES = 3;

/**
 * Opens a new connection after three unanswered pings in a row. A connection that the network dropped silently would
 * hold every read until the kernel gives up, 15 minutes later. One ping a second costs predictions nothing, while
 * ioredis' own `socketTimeout` sets a timer and a listener for every read. Stops when the connection is closed.
 */
export function replaceSilentConnection(redis: Redis): void {
  let failures = 0;
  let asking = false;

  const ask = async (): Promise<void> => {
    const { status } = redis;
    // 'connect': open, but the handshake is not done
    if (asking || (status !== 'ready' && status !== 'connect')) return;
    asking = true;
    try {
      if (status === 'ready') await redis.ping();
      failures = status === 'ready' ? 0 : failures + 1;
    } catch {
      failures += 1;
    } finally {
      asking = false;
    }
    if (failures < MAX_FAILURES) return;
    failures = 0;
    redis.disconnect(true);
  };
  const timer = setInterval(() => void ask(), PING_INTERVAL_MS).unref();
  redis.once('end', () => clearInterval(timer));
}
