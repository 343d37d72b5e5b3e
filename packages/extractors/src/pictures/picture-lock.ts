import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';

/**
 * Takes the lock, a file that holds its owner's token. A lock that is older than `staleMs` was left by a killed process
 * and is removed, so that the next call may take it.
 * @returns the token to release it with, also where no lock can be made: then everybody goes on; null while it is held
 */
export function takeLock(lock: string, staleMs: number): string | null {
  const token = randomUUID();
  try {
    writeFileSync(lock, token, { flag: 'wx', mode: 0o600 });
    return token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return token;
  }
  // In this order: the age read first could be that of the lock before.
  const owner = ownerOf(lock);
  if (owner !== null && isOlder(lock, staleMs)) removeStale(lock, owner, staleMs);
  return null;
}

/** Leaves it alone when it went to somebody else, because its owner was slow. */
export function releaseLock(lock: string, token: string): void {
  if (ownerOf(lock) === token) rmSync(lock, { force: true });
}

/**
 * Others find it stale too, and the first of them may have removed it and taken it anew: whoever removes it holds a
 * file of the stale owner's name meanwhile, and looks again whose lock it is.
 */
function removeStale(lock: string, owner: string, staleMs: number): void {
  const removal = `${lock}.${owner}`;
  try {
    closeSync(openSync(removal, 'wx', 0o600));
  } catch {
    // Who was killed amid this is not waited for either.
    if (isOlder(removal, staleMs)) rmSync(removal, { force: true });
    return;
  }
  try {
    releaseLock(lock, owner);
  } finally {
    rmSync(removal, { force: true });
  }
}

function isOlder(file: string, ageMs: number): boolean {
  const mtimeMs = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  return mtimeMs !== undefined && mtimeMs < Date.now() - ageMs;
}

function ownerOf(lock: string): string | null {
  try {
    return readFileSync(lock, 'utf8');
  } catch {
    return null;
  }
}
