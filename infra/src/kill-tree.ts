import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * Sends SIGKILL to a process and all its descendants, even when they are stopped. Each PostgreSQL process has its own
 * session, so a signal to the process group would miss them.
 */
export function killTree(pid: number): void {
  // stopped first, so that it starts no more children while they are listed
  if (!send(pid, 'SIGSTOP')) return;
  for (const descendant of descendantsOf(pid)) send(descendant, 'SIGKILL');
  send(pid, 'SIGKILL');
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it has ended
  }
}

function descendantsOf(pid: number): number[] {
  const children = Map.groupBy(runningProcesses(), ([, parent]) => parent);
  const found: number[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    parents = parents.flatMap((parent) => (children.get(parent) ?? []).map(([child]) => child));
    found.push(...parents);
  }
  return found;
}

/** Process and parent ids, from /proc if there is one: a slim container has no `ps`. */
function runningProcesses(): (readonly [pid: number, parent: number])[] {
  if (process.platform === 'linux')
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), parentOf(name)] as const);
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  return Array.from(
    (stdout ?? '').matchAll(/(\d+)\s+(\d+)/g),
    ([, pid, parent]) => [Number(pid), Number(parent)] as const,
  );
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // pid (name) state parent …; a name may contain anything
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return -1; // it has ended meanwhile
  }
}
