import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { findProgram } from '@larder/infra';

/** A server in a separate process, pinned to the last core where possible. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** CPU time so far, in microseconds. */
  cpuUs(): Promise<number>;
  /** Result of the module's own `work` for one round. */
  work(): Promise<number>;
  stop(): Promise<void>;
}

/** Read once: after pinning, this process sees only one core. */
const CORES = availableParallelism();

/** `file`: a module of this folder that calls `report`. */
export async function startServer(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const [command, ...args] = [...pinning(CORES - 1), process.execPath, `${import.meta.dirname}/${file}`];
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
  });
  const failed = new AbortController();
  child.once('exit', (code) => failed.abort(new Error(`${file} ended with ${code}.`)));
  const answer = async <T>(): Promise<T> => {
    const [said] = (await once(child, 'message', { signal: failed.signal })) as [T];
    return said;
  };
  const ask = (question: 'cpu' | 'work') => {
    child.send(question);
    return answer<number>();
  };
  return {
    url: await answer<string>(),
    pid: child.pid as number,
    cpuUs: () => ask('cpu'),
    work: () => ask('work'),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Load generator and stores share the first core; nothing is pinned on a machine with one core or without taskset. */
export function pinSelf(storeProcessIds: readonly number[]): string {
  const pin = pinning(0);
  if (pin.length === 0) return 'not pinned';
  for (const pid of [process.pid, ...storeProcessIds])
    spawn('taskset', ['-a', '-c', '-p', '0', String(pid)], { stdio: 'ignore' });
  return `servers on core ${CORES - 1}, load and stores on core 0`;
}

function pinning(core: number): string[] {
  return CORES > 1 && findProgram('taskset') !== null ? ['taskset', '-c', String(core)] : [];
}

/** In the server: reports its address, and answers requests of the parent. */
export function report(url: string, work: () => Promise<number> = () => Promise.resolve(0)): void {
  process.on('message', (question) => {
    const { user, system } = process.cpuUsage();
    if (question === 'cpu') process.send?.(user + system);
    else void work().then((said) => process.send?.(said));
  });
  // the parent is gone
  process.on('disconnect', () => process.exit());
  process.send?.(url);
}
