import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']));

/** CPU seconds of a process and its current and past children, as counted by the kernel. Linux only. */
export function cpuSeconds(pid: number): number {
  let ticks = 0;
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const fields = statOf(entry);
    if (fields === null) continue;
    const own = (fields[11] as number) + (fields[12] as number);
    if (Number(entry) === pid) ticks += own + (fields[13] as number) + (fields[14] as number);
    else if (fields[1] === pid) ticks += own;
  }
  return ticks / TICKS_PER_SECOND;
}

/** Peak resident memory since the process started. */
export function peakBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return 1_024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]);
}

/** From the third field on, as numbers: [1] parent, [11] user and [12] system time, [13] and [14] of reaped children. */
function statOf(pid: string): number[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    return null;
  }
}
