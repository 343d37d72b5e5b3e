import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { call } from './http-call.ts';

/** An inference or worker process. */
export interface AppProcess {
  /** Where it answers `/health/ready`. */
  readonly url: string;
  readonly output: () => string;
  /** Sends a signal, and resolves with its exit code when it has ended; null: it was killed. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export interface StartAppOptions {
  readonly env: Readonly<Record<string, string>>;
  /** Runs before the process, such as `ip netns exec NAME`. @default none */
  readonly within?: readonly string[];
  /** @default that of the tests */
  readonly folder?: string;
  /** @default the app's own */
  readonly script?: string;
  /** Address of the process, as others reach it. @default 127.0.0.1 */
  readonly host?: string;
}

const ROOT = resolve(import.meta.dirname, '../..');
const START_TIMEOUT_MS = 90_000;
const PORT = {
  inference: /"url":"http:\/\/[^"]*:(\d+)"/,
  worker: /"metricsPort":(\d+)/,
} as const;

/** Starts an app and waits until it is ready. */
export async function startApp(app: keyof typeof PORT, options: StartAppOptions): Promise<AppProcess> {
  const { env, within = [], host = '127.0.0.1', script = `apps/${app}/src/main.ts` } = options;
  const [command, ...args] = [...within, process.execPath, `${ROOT}/${script}`];
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.folder,
    env: { PATH: process.env['PATH'], LARDER_PORT: '0', LARDER_WORKER_METRICS_PORT: '0', ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (output += data.toString()));
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  const endsAtMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const port = PORT[app].exec(output)?.[1];
    const url = `http://${host}:${port}`;
    if (port !== undefined && (await isReady(url)))
      return {
        url,
        output: () => output,
        end(signal) {
          child.kill(signal);
          return exited;
        },
      };
    if (child.exitCode !== null || performance.now() > endsAtMs) {
      child.kill('SIGKILL');
      throw new Error(`The ${app} process did not become ready:\n${output}`);
    }
    await delay(50);
  }
}

const isReady = (url: string): Promise<boolean> =>
  call(`${url}/health/ready`, { agent: false }).then(
    ({ status }) => status === 200,
    () => false,
  );
