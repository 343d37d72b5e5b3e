import type { Redis } from 'ioredis';

const held = new WeakSet<object>();

/**
 * Sends the commands of this turn of the event loop in one write: requests that arrive together share a system call,
 * which costs more than the command. A lone command is not delayed: it leaves when the turn's input has been read.
 */
export function oneWritePerTurn(redis: Redis): void {
  // undefined while the connection is being made; commands fail anyway
  const stream = redis.stream as Redis['stream'] | undefined;
  if (stream === undefined || held.has(stream)) return;
  held.add(stream);
  stream.cork();
  setImmediate(() => {
    held.delete(stream);
    stream.uncork();
  });
}
