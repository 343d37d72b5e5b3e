import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readFileSync, renameSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { readStartFailure, shellWord } from '@larder/core';
import { killTree } from './kill-tree.ts';

const MAX_LOG_BYTES = 10_000_000;

export interface OwnedProcessOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Output is appended here; a file above 10 MB is first renamed to `<file>.1`, replacing an older one. */
  readonly logFile: string;
  /** Signal for an orderly shutdown. @default 'SIGTERM' */
  readonly stopSignal?: NodeJS.Signals;
  /** Prefix of the command line: `unshare …`. */
  readonly wrapper?: readonly string[];
}

export interface OwnedProcess {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** Offset of this process's output in the log, which is appended to. */
  readonly logStartBytes: number;
  /** Settles when the process has ended for any reason. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  running(): boolean;
  kill(signal: NodeJS.Signals): void;
  /** Shuts down in order; after `graceMs` sends SIGKILL, also to its descendants. */
  stop(graceMs?: number): Promise<void>;
}

/**
 * Starts a child in its own process group, so that Ctrl-C reaches only us and we stop things in order. On Linux, the
 * kernel sends it the stop signal if we die before we can (`setpriv --pdeathsig`).
 */
export function startOwnedProcess(options: OwnedProcessOptions): OwnedProcess {
  const stopSignal = options.stopSignal ?? 'SIGTERM';
  putAside(options.logFile);
  const logStartBytes = statSync(options.logFile, { throwIfNoEntry: false })?.size ?? 0;
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
    logStartBytes,
    exited,
    running,
    kill: (signal) => void child.kill(signal),
    async stop(graceMs = 10_000) {
      if (!running()) return;
      child.kill(stopSignal);
      const timer = setTimeout(() => running() && killTree(child.pid as number), graceMs);
      await exited;
      clearTimeout(timer);
    },
  };
}

function putAside(logFile: string): void {
  const sizeBytes = statSync(logFile, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeBytes > MAX_LOG_BYTES) renameSync(logFile, `${logFile}.1`);
}

/** Thrown by a probe: the process is not ready, and waiting does not change that. */
export class NeverReady extends Error {}

/**
 * Waits until `probe` succeeds.
 * @throws when it ends first, will never be ready or time is up: the error that the process printed, or Error with its last output; the
 * reason comes first, then where its log is
 */
export async function whenReady(
  owned: OwnedProcess,
  probe: () => Promise<unknown>,
  timeoutMs = 30_000,
): Promise<void> {
  // Not wall time: a machine may sleep while something starts.
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (owned.running() && performance.now() < deadline && !(last instanceof NeverReady)) {
    try {
      await probe();
      return;
    } catch (error) {
      last = error;
      await new Promise((resolve) => setTimeout(resolve, 15));
    }
  }
  const reason = last instanceof Error ? last.message : String(last);
  const why = owned.running()
    ? last instanceof NeverReady
      ? `did not start: ${reason}`
      : `is not ready after ${timeoutMs / 1_000} s (${reason})`
    : `ended while starting`;
  await owned.stop(1_000);
  const said = lastWords(owned);
  const log = shellWord(owned.logFile);
  throw (
    readStartFailure(said, `${owned.name} did not start. Its log: ${log}`) ??
    new Error(`${owned.name} ${why}${said === '' ? '.' : `: ${said}`}\nIts log: ${log}`)
  );
}

const LAST_LINES = 30;
/** Fatal line of PostgreSQL. */
const FATAL = /^.*\b(?:FATAL|PANIC):\s*/;
/** Lines in which an app, or Node.js, says why it ends. */
const REASON = /^(?:[A-Z][A-Z_]+|\w*Error(?: \[\w+\])?): /;

/** Why a process ended, according to its log: a server's fatal line, or an app's output after its last entry, without a stack. */
export function lastWords({ logFile, logStartBytes }: OwnedProcess): string {
  const log = readFileSync(logFile).subarray(logStartBytes).toString('utf8').trimEnd();
  const lines = log.split('\n').slice(-LAST_LINES);
  const fatal = lines.findLast((line) => FATAL.test(line));
  if (fatal !== undefined) return fatal.replace(FATAL, '');
  const isEntry = (line: string) => line.startsWith('{');
  const last = lines.slice(lines.findLastIndex(isEntry) + 1);
  // An entry that was buffered may follow the reason.
  const said = last.length > 0 ? last : lines.filter((line) => !isEntry(line));
  const from = Math.max(
    0,
    said.findIndex((line) => REASON.test(line)),
  );
  const stack = said.findIndex((line, at) => at > from && /^ {4}at |^Node\.js v/.test(line));
  return said
    .slice(from, stack === -1 ? undefined : stack)
    .join('\n')
    .trimEnd();
}

/** Command line of a process; empty when it is gone or not visible. */
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
