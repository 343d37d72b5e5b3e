import type { Config } from '../config.ts';

const MIB = 2 ** 20;
/** Memory of the largest single piece of work, a million values as rows and as text, and its garbage. */
const WORK_BYTES = 256 * MIB;
/** Copies of the data: a body as text and as values, an answer as rows and as text. */
const COPIES = 1.5;
const CONNECTION_BYTES = 32 * 1024;

/**
 * Memory that untrusted callers may add to the service's size at rest, whatever they send and do not read;
 * `npm run bench -- memory-ceiling` measures it.
 */
export function memoryCeilingBytes(limits: Pick<Config, 'bufferBytes' | 'maxConnections'>): number {
  return WORK_BYTES + 2 * COPIES * limits.bufferBytes + CONNECTION_BYTES * limits.maxConnections;
}
