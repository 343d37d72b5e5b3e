import { createHash } from 'node:crypto';
import { LarderError } from '@larder/core';
import type { NewObject } from './object-backend.ts';

/** Size of a part in `larder.object_parts`. */
export const PART_BYTES = 2 ** 20;

/**
 * Cuts an object into parts of `PART_BYTES`; the last may be smaller. Every part is the same buffer: use it before asking
 * for the next. @throws ARTIFACT_INVALID at the end when the bytes are not those of the object's hash
 */
export async function* objectParts(object: NewObject): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  const part = Buffer.allocUnsafe(Math.min(PART_BYTES, Math.max(1, object.sizeBytes)));
  let filled = 0;
  let sizeBytes = 0;
  for await (const bytes of object.open()) {
    hash.update(bytes);
    sizeBytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const taken = Math.min(part.length - filled, bytes.length - at);
      part.set(bytes.subarray(at, at + taken), filled);
      filled += taken;
      at += taken;
      if (filled < part.length) continue;
      yield part;
      filled = 0;
    }
    if (sizeBytes > object.sizeBytes) break;
  }
  if (filled > 0) yield part.subarray(0, filled);
  if (sizeBytes !== object.sizeBytes || hash.digest('hex') !== object.sha256)
    throw new LarderError(
      'ARTIFACT_INVALID',
      'A file of the artifact changed while it was being stored. Wait until it is written completely, then apply again.',
    );
}
