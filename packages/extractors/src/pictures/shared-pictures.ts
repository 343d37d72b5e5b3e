import { createHash, randomFillSync } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writevSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { releaseLock, takeLock } from './picture-lock.ts';

/**
 * Files of pictures that the computations of one machine leave for each other for a short while, so that views of the
 * same pictures download them once. Whoever asks a second time wants the picture anew: a forced backfill never sees
 * old bytes.
 */
export interface SharedPictures {
  /**
   * What another computation left under the key, or else what `fetch` gives; one of those who ask at the same time
   * fetches, the others wait for it. Errors of `fetch` are thrown, to this caller alone.
   */
  get(key: string, fetch: () => Promise<Buffer>, signal: AbortSignal): Promise<Buffer>;
}

export interface SharedPicturesOptions {
  /** Who asks: the same text for the same computation in every thread and process. */
  readonly reader: string;
  /** @default one of the user's own in the system's temporary folder */
  readonly folder?: string;
  /** How long a picture waits for others. @default 10 minutes */
  readonly lifeMs?: number;
  /** Of all files together, roughly: each thread looks after so many eighths of it. @default 256 MiB */
  readonly maxBytes?: number;
}

/** A file begins with who fetched it and a random version, then the length and CRC-32 of the picture that follows. */
const ID_BYTES = 16;
const HEADER_BYTES = 2 * ID_BYTES + 8;
/** What a file takes beside its content, roughly: a million pixels that only count visits must not fill the disk. */
const FILE_BYTES = 4_096;
const POLL_MS = 20;
/** Longer than a fetch by default: whoever holds a lock for so long was killed; if not, two fetch. */
const LOCK_STALE_MS = 15_000;

/**
 * Opens the folder; where it cannot be made or belongs to somebody else, every picture is simply fetched. Calls to the
 * file system are synchronous: they take less than handing them over would.
 */
export function openSharedPictures(options: SharedPicturesOptions): SharedPictures {
  const { lifeMs = 600_000, maxBytes = 256 * 1024 ** 2 } = options;
  const reader = createHash('sha256').update(options.reader).digest().subarray(0, ID_BYTES);
  const folder = options.folder ?? join(tmpdir(), `larder-pictures-${userInfo().uid}`);
  if (!isOwnFolder(folder)) return { get: (_key, fetch) => fetch() };
  let sinceSweepBytes = 0;
  attempt(() => sweep(folder, lifeMs, maxBytes));

  const header = Buffer.alloc(HEADER_BYTES);

  /** What another reader left and this one has not taken yet. */
  const take = (file: string): Buffer | null => {
    const descriptor = openSync(file, 'r');
    try {
      const { mtimeMs, size } = fstatSync(descriptor);
      if (mtimeMs < Date.now() - lifeMs) return null;
      if (readSync(descriptor, header, 0, HEADER_BYTES, 0) < HEADER_BYTES) return null;
      if (header.subarray(0, ID_BYTES).equals(reader)) return null;
      const version = Buffer.from(header.subarray(ID_BYTES, 2 * ID_BYTES));
      // The version this reader took last; times of files are too coarse to compare.
      const mark = `${file}.${reader.toString('hex')}`;
      if (attempt(() => readFileSync(mark))?.equals(version)) return null;
      if (size - HEADER_BYTES !== header.readUInt32LE(2 * ID_BYTES)) return null;
      const bytes = Buffer.alloc(size - HEADER_BYTES);
      readSync(descriptor, bytes, 0, bytes.length, HEADER_BYTES);
      if (crc32(bytes) !== header.readUInt32LE(2 * ID_BYTES + 4)) return null;
      writeFileSync(mark, version);
      return bytes;
    } finally {
      closeSync(descriptor);
    }
  };

  /**
   * In place: replacing a file, by its name or by emptying it, makes ext4 write the new one to the disk at once. What a killed process left half-written fails its CRC.
   */
  const leave = (file: string, bytes: Buffer): void => {
    randomFillSync(header, ID_BYTES, ID_BYTES);
    reader.copy(header);
    header.writeUInt32LE(bytes.length, 2 * ID_BYTES);
    header.writeUInt32LE(crc32(bytes), 2 * ID_BYTES + 4);
    const descriptor = openSync(file, constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      writevSync(descriptor, [header, bytes], 0);
      ftruncateSync(descriptor, HEADER_BYTES + bytes.length);
    } finally {
      closeSync(descriptor);
    }
    sinceSweepBytes += FILE_BYTES + bytes.length;
    if (sinceSweepBytes <= maxBytes / 8) return;
    sinceSweepBytes = 0;
    sweep(folder, lifeMs, maxBytes);
  };

  return {
    async get(key, fetch, signal) {
      const file = join(folder, createHash('sha256').update(key).digest('hex'));
      const lock = `${file}.lock`;
      const token = await waitForLock(lock, signal);
      try {
        const left = attempt(() => take(file));
        if (left) return left;
        const bytes = await fetch();
        // A full disk costs the others a download, no more.
        attempt(() => leave(file, bytes));
        return bytes;
      } finally {
        attempt(() => releaseLock(lock, token));
      }
    },
  };
}

/** A folder that only this user can write: others could slip pictures in. */
function isOwnFolder(folder: string): boolean {
  return (
    attempt(() => {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const stat = lstatSync(folder);
      const { uid } = userInfo();
      // Windows has neither; its temporary folder is the user's own.
      return stat.isDirectory() && (uid === -1 || (stat.uid === uid && (stat.mode & 0o077) === 0));
    }) ?? false
  );
}

async function waitForLock(lock: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    const token = takeLock(lock, LOCK_STALE_MS);
    if (token !== null) return token;
    await wait(POLL_MS, undefined, { signal });
  }
}

/** Removes what is too old, then the oldest until the rest fits. */
function sweep(folder: string, lifeMs: number, maxBytes: number): void {
  const files = readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat === undefined ? [] : [{ path, sizeBytes: stat.size, mtimeMs: stat.mtimeMs }];
  });
  let keptBytes = 0;
  for (const { path, sizeBytes, mtimeMs } of files.toSorted((a, b) => b.mtimeMs - a.mtimeMs)) {
    keptBytes += FILE_BYTES + sizeBytes;
    if (keptBytes > maxBytes || mtimeMs < Date.now() - lifeMs) rmSync(path, { force: true });
  }
}

function attempt<Result>(work: () => Result): Result | null {
  try {
    return work();
  } catch {
    return null;
  }
}
