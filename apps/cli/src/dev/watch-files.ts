import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Uses `stat`: works on every file system, survives editors that replace files, and sees files that do not exist yet. */
const POLL_MS = 150;

export interface FileWatch {
  /** Watches these files and folders from now on; those that were watched before keep their last known state. */
  watch(paths: readonly string[]): Promise<void>;
  /** Resolves with the paths that differ from their last known state, once nothing changes any more. @throws AbortError */
  changed(signal: AbortSignal): Promise<string[]>;
}

export function createFileWatch(): FileWatch {
  let seen: ReadonlyMap<string, string> = new Map();
  return {
    async watch(paths) {
      const present = await look(paths);
      seen = new Map(paths.map((path) => [path, seen.get(path) ?? present.get(path) ?? '']));
    },
    async changed(signal) {
      for (;;) {
        await sleep(POLL_MS, undefined, { signal });
        let now = await look([...seen.keys()]);
        if (differing(seen, now).length === 0) continue;
        for (;;) {
          await sleep(POLL_MS, undefined, { signal });
          const later = await look([...seen.keys()]);
          if (differing(now, later).length === 0) break;
          now = later;
        }
        const changed = differing(seen, now);
        seen = now;
        // changed and changed back
        if (changed.length > 0) return changed;
      }
    },
  };
}

function differing(was: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): string[] {
  return [...now.keys()].filter((path) => was.get(path) !== now.get(path));
}

async function look(paths: readonly string[]): Promise<Map<string, string>> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await signature(path)] as const)));
}

/** Changes when a file, or anything in a folder, is written, removed or added. */
async function signature(path: string): Promise<string> {
  try {
    const facts = await stat(path);
    if (!facts.isDirectory()) return `${facts.mtimeMs} ${facts.size} ${facts.ino}`;
    const entries = await readdir(path, { withFileTypes: true });
    const inside = await Promise.all(
      entries.map(async ({ name }) => `${name}: ${await signature(join(path, name))}`),
    );
    return inside.join('\n');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return 'absent';
  }
}
