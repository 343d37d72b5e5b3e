import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { findProgram } from '@larder/infra';

/** A server in a process of its own, pinned to the last core where that is possible. */
export interface ServerProcess {
  readonly url: string;
  /** CPU time spent until now, in microseconds. */
  cpuUs(): Promise<number>;
  stop(): Promise<void>;
}

interface Said {
  readonly url?: string;
  readonly cpuUs?: number;
}

/** `file`: a module of this folder that calls `report`. */
export async function startServer(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<ServerProcess> {
  const pin = pinning(availableParallelism() - 1);
  const [command, ...args] = [...pin, process.execPath, `${import.meta.dirname}/${file}`];
  const child = spawn(command as string, args, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
  });
  const [{ url = '' }] = (await once(child, 'message')) as [Said];
  return {
    url,
    async cpuUs() {
      child.send('cpu');
      const [{ cpuUs = 0 }] = (await once(child, 'message')) as [Said];
      return cpuUs;
    },
    async stop() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** Load generator and Redis share the first core; nothing is pinned on a machine with one core or without taskset. */
export function pinSelf(redisProcessId: number): string {
  const pin = pinning(0);
  if (pin.length === 0) return 'not pinned';
  for (const pid of [process.pid, redisProcessId])
    spawn('taskset', ['-a', '-c', '-p', '0', String(pid)], { stdio: 'ignore' });
  return `servers on core ${availableParallelism() - 1}, load and Redis on core 0`;
}

function pinning(core: number): string[] {
  return availableParallelism() > 1 && findProgram('taskset') !== null ? ['taskset', '-c', String(core)] : [];
}

/** In the server: says where it listens, and its CPU time whenever it is asked. */
export function report(url: string): void {
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpuUs: user + system } satisfies Said);
  });
  process.send?.({ url } satisfies Said);
}
