import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, extname, join } from 'node:path';

export interface NicedOptions {
  /** Of V8's heap. */
  readonly heapMb: number;
  readonly stdio: StdioOptions;
  /** 0 to 19; with 0 it competes with the service. */
  readonly niceness: number;
}

/**
 * Starts a module of this folder as a process that gets CPU only when the service does not need it. All its threads are
 * niced, also those that V8 starts before any code runs.
 */
export function startNiced(module: string, { heapMb, stdio, niceness }: NicedOptions): ChildProcess {
  const file = join(import.meta.dirname, `${module}${extname(import.meta.filename)}`);
  const node = [
    process.execPath,
    `--max-old-space-size=${heapMb}`,
    '--disable-warning=ExperimentalWarning',
    file,
  ];
  const nice = niceness === 0 ? null : onPath('nice');
  const [program = '', ...args] = nice === null ? node : [nice, '-n', String(niceness), ...node];
  return spawn(program, args, { stdio });
}

function onPath(name: string): string | null {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}
