import type { Redis } from 'ioredis';

const held = new WeakSet<object>();

/**
 * Lets the commands of this turn of the event loop leave in one write: requests that arrive together share a system
 * call, which costs more than the command. A lone command leaves as early as it did, when the turn's input is read.
 */
export function oneWritePerTurn(redis: Redis): void {
  // not there while the connection is being made; commands fail by themselves then
  const stream = redis.stream as Redis['stream'] | undefined;
  if (stream === undefined || held.has(stream)) return;
  held.add(stream);
  stream.cork();
  setImmediate(() => {
    held.delete(stream);
    stream.uncork();
  });
}
