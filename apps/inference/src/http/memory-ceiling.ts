import type { Config } from '../config.ts';

const MIB = 2 ** 20;
/** The largest single piece of work, a million values as rows and as text, and the garbage that it leaves. */
const WORK_BYTES = 256 * MIB;
/** A body as text and as values, an answer as rows and as text. */
const COPIES = 1.5;
const CONNECTION_BYTES = 32 * 1024;

/**
 * How far above its size at rest strangers may take the service, whatever they send and do not read;
 * `npm run bench -- memory-ceiling` measures it.
 */
export function memoryCeilingBytes(limits: Pick<Config, 'bufferBytes' | 'maxConnections'>): number {
  return WORK_BYTES + 2 * COPIES * limits.bufferBytes + CONNECTION_BYTES * limits.maxConnections;
}
