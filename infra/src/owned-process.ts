import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const MAX_LOG_BYTES = 10_000_000;

export interface OwnedProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Output goes here, appended; a file above 10 MB is put aside first as `<file>.1`, in the place of an older one. */
  readonly logFile: string;
  /** Asks for an orderly end. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals;
  /** Run before the command, inside nothing else: `unshare …`. */
  readonly wrapper?: readonly string[];
}

export interface OwnedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the process has ended, however. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  running(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Orderly end; SIGKILL after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a child in a process group of its own, so that Ctrl-C reaches only us and we stop things in order. On Linux
 * the kernel sends it the stop signal when we die without a chance to (`setpriv --pdeathsig`).
 */
export function startOwnedProcess(options: OwnedProcessOptions): OwnedProcess {
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  putAside(options.logFile);
  const log = openSync(options.logFile, 'a', 0o600);
  const line = [...(options.wrapper ?? []), ...dieWithParent(stopSignal), options.command, ...options.args];
  const child: ChildProcess = spawn(line[0] as string, line.slice(1), {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.env ?? process.env,
    cwd: options.cwd,
    uid: options.uid,
    gid: options.gid,
  });
  closeSync(log);
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('error', () => resolve({ code: 127, signal: null }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const running = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
  return {
    name: options.name,
    pid: child.pid ?? -1,
    logFile: options.logFile,
    exited,
    running,
    kill: (signal) => void child.kill(signal),
    async stop(graceMs = 10_000) {
      if (!running()) return;
      child.kill(stopSignal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function putAside(logFile: string): void {
  const sizeBytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
}

/** Waits until `probe` succeeds. @throws Error with the log's end when the process ends first or time is up. */
export async function whenReady(
  owned: OwnedProcess,
  probe: () => Promise<unknown>,
  timeoutMs = 30_000,
): Promise<void> {
  // not by the clock of the wall: a machine may sleep while something starts
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (owned.running() && performance.now() < deadline) {
    try {
      await probe();
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }
  const why = owned.running()
    ? `did not answer within ${timeoutMs / 1_000} s (${String(last)})`
    : 'ended while starting';
  await owned.stop(1_000);
  throw new Error(`${owned.name} ${why}. The end of ${owned.logFile}:\n${logEnd(owned.logFile)}`);
}

export function logEnd(path: string, lines = 15): string {
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

/** How a process was started, as one line; empty when it is gone or cannot be seen. */
export function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    const shown = spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' });
    return shown.status === 0 ? shown.stdout : '';
  }
}

/** The absolute path of a program on the PATH, or null. */
export function findProgram(name: string): string | null {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not here
    }
  }
  return null;
}

function dieWithParent(signal: NodeJS.Signals): string[] {
  if (process.platform !== 'linux') return [];
  const setpriv = findProgram('setpriv');
  if (setpriv === null || spawnSync(setpriv, ['--pdeathsig', 'TERM', 'true']).status !== 0) return [];
  return [setpriv, '--pdeathsig', signal.replace('SIG', '')];
}
