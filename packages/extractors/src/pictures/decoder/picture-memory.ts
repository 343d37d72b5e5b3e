import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Memory that two processes share: an unlinked file divided into regions, one for each picture in flight. A region holds
 * first the encoded file, then the pixels. Reading and writing in place costs one copy and no allocation; sending the
 * 200 KB of an embedding's pixels through a socket costs a dozen events and buffers, and a full garbage collection
 * every hundred pictures.
 */
const REGION_BYTES = 1024 ** 3;
/** Larger than an embedding's pixels. */
const KEPT_BYTES = 16 * 1024 ** 2;
/** Unit of `stat`'s block count on every file system. */
const BLOCK_BYTES = 512;
const MEMORY_FOLDER = '/dev/shm';
/** Two text views decode 100 MB of pixels at a time; containers have 64 MB of /dev/shm by default. */
const MIN_FREE_BYTES = 256 * 1024 ** 2;

/** @returns a file descriptor. The file disappears when the last process closes it. @throws the file system's error */
export function openPictureMemory(): number {
  const path = join(memoryFolder(), `larder-picture-${randomUUID()}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  return descriptor;
}

export function closePictureMemory(descriptor: number): void {
  closeSync(descriptor);
}

/** Releases the memory of large pictures; call it while no picture is in flight. */
export function trimPictureMemory(descriptor: number): void {
  if (fstatSync(descriptor).blocks * BLOCK_BYTES > KEPT_BYTES) ftruncateSync(descriptor, 0);
}

/** @throws ENOSPC */
export function writeRegion(descriptor: number, region: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;)
    at += writeSync(descriptor, bytes, at, bytes.length - at, region * REGION_BYTES + at);
}

/** Fills `target`. @returns false when the region holds less */
export function readRegion(descriptor: number, region: number, target: Uint8Array): boolean {
  for (let at = 0; at < target.length;) {
    const count = readSync(descriptor, target, at, target.length - at, region * REGION_BYTES + at);
    if (count === 0) return false;
    at += count;
  }
  return true;
}

function memoryFolder(): string {
  try {
    const { bavail, bsize } = statfsSync(MEMORY_FOLDER);
    if (bavail * bsize >= MIN_FREE_BYTES) return MEMORY_FOLDER;
  } catch {
    // There is no /dev/shm: not Linux.
  }
  return tmpdir();
}
