import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished, vi } from 'vitest';
import type { Config } from '../config.ts';

export interface StartedProcess {
  readonly pid: number | undefined;
  readonly exited: Promise<number | null>;
  output(): string;
  /** Listening address, as soon as it listens. */
  url(): Promise<string>;
  kill(signal: NodeJS.Signals): void;
}

/** The service in its own process; killed when the test ends. */
export function startProcess(env: Readonly<Record<string, string>>): StartedProcess {
  const child = spawn(process.execPath, [`${import.meta.dirname}/../main.ts`], {
    env: { PATH: process.env['PATH'], ...env },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  return {
    pid: child.pid,
    exited: once(child, 'exit').then(([code]) => code as number | null),
    output: () => output,
    url: () =>
      vi.waitFor(
        () => {
          const url = /"url":"([^"]+)"/.exec(output)?.[1];
          if (url === undefined) throw new Error(`It does not listen yet:\n${output}`);
          return url;
        },
        { timeout: 60_000 },
      ),
    kill: (signal) => void child.kill(signal),
  };
}

export function environmentOf(config: Config): Record<string, string> {
  return {
    LARDER_PROJECT: config.projectPath,
    LARDER_DATABASE_URL: config.databaseUrl,
    LARDER_REDIS_URL: config.redisUrl,
    LARDER_PORT: '0',
  };
}
