import { join } from 'node:path';
import { NeverReady, startOwnedProcess, whenReady, type OwnedProcess } from '../owned-process.ts';
import { appCommand, type AppName } from './app-command.ts';
import { freePort } from './free-port.ts';
import { supervise, type Supervised } from './supervise.ts';

const READY_TIMEOUT_MS = 60_000;
/** How long an app may answer that it has nothing to serve: the registry may become readable, or somebody may apply. */
const NOTHING_TO_SERVE_MS = 5_000;
/** Longer than the worker's own 20 s for chunks in progress. */
const STOP_GRACE_MS = 25_000;
const PORT_RACES = 5;

export interface AppsOptions extends Omit<AppOptions, 'port' | 'onRestart'> {
  /** Called with all ids after one of the apps was restarted. */
  readonly onRestart: (pids: Readonly<Record<string, number>>) => void;
}

interface Ports {
  readonly inference: number;
  readonly worker: number;
}

export interface StartedApps {
  readonly ports: Ports;
  pids(): Readonly<Record<string, number>>;
  /** @param graceMs @default longer than a chunk may take */
  stop(graceMs?: number): Promise<void>;
}

/** Starts both apps; the worker takes the port after inference's. @throws Error when one does not start: then neither runs */
export async function startApps(
  options: AppsOptions & {
    /** The first port to try. */
    readonly port: number;
    /** Ports of apps that ran before and are known by their addresses. */
    readonly exactPorts?: Ports;
  },
): Promise<StartedApps> {
  const { exactPorts } = options;
  const running: Supervised[] = [];
  const pids = () => Object.fromEntries(running.map((server) => [server.name, server.pid()]));
  const common = { ...options, onRestart: () => options.onRestart(pids()) };
  const stop = async (graceMs?: number): Promise<void> => {
    await Promise.all(running.map((server) => server.stop(graceMs)));
  };
  const started = async (starting: Promise<StartedApp>): Promise<StartedApp> => {
    const app = await starting;
    running.push(app.server);
    return app;
  };
  try {
    if (exactPorts !== undefined) {
      // Both ports are known: neither app waits for the other.
      const both = await Promise.allSettled([
        started(startInference({ ...common, port: exactPorts.inference })),
        started(startWorker({ ...common, port: exactPorts.worker })),
      ]);
      for (const each of both) if (each.status === 'rejected') throw each.reason;
      const ports = both.flatMap((each) => (each.status === 'fulfilled' ? [each.value.port] : []));
      if (ports[0] !== exactPorts.inference || ports[1] !== exactPorts.worker)
        throw new Error(
          'Another program took a port of the apps while they were down; start the stack again.',
        );
      return { ports: exactPorts, pids, stop };
    }
    const inference = await started(startInference(common));
    const worker = await started(startWorker({ ...common, port: inference.port + 1 }));
    return { ports: { inference: inference.port, worker: worker.port }, pids, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface AppOptions {
  readonly env: NodeJS.ProcessEnv;
  /** `.larder/stack`: logs go here. */
  readonly folder: string;
  readonly host: string;
  /** The first port to try. */
  readonly port: number;
  readonly onProgress: (message: string) => void;
  readonly onTrouble: (message: string) => void;
  readonly onRestart: () => void;
  readonly signal: AbortSignal;
}

interface StartedApp {
  readonly server: Supervised;
  readonly port: number;
}

/** Starts the inference service, ready to predict. @throws Error with the end of its log */
function startInference(options: AppOptions): Promise<StartedApp> {
  return startApp(options, { name: 'inference', portVariable: 'LARDER_PORT', readyPath: '/health/ready' });
}

/** Starts the worker, ready to take chunks. @throws Error with the end of its log */
function startWorker(options: AppOptions): Promise<StartedApp> {
  return startApp(options, {
    name: 'worker',
    portVariable: 'LARDER_WORKER_METRICS_PORT',
    readyPath: '/health/ready',
  });
}

interface App {
  readonly name: AppName;
  readonly portVariable: string;
  readonly readyPath: string;
}

/** Another program may take the port between our check and the app's listening: then the next port is tried. */
async function startApp(options: AppOptions, app: App): Promise<StartedApp> {
  for (let race = 1; ; race++) {
    const port = await freePort(options.host, options.port);
    try {
      const server = await supervise(
        {
          name: app.name,
          start: (signal) => startOnce({ ...options, signal }, app, port),
          liveness: {
            probe: (signal) => probeHttp(`${httpAddress(options.host, port)}/health/live`, signal),
          },
          onProgress: options.onProgress,
          onTrouble: options.onTrouble,
          onRestart: options.onRestart,
          stopGraceMs: STOP_GRACE_MS,
        },
        options.signal,
      );
      return { server, port };
    } catch (error) {
      options.signal.throwIfAborted();
      if (race === PORT_RACES || (await freePort(options.host, port)) === port) throw error;
    }
  }
}

async function startOnce(options: AppOptions, app: App, port: number): Promise<OwnedProcess> {
  options.signal.throwIfAborted();
  const [command, ...args] = appCommand(app.name);
  const owned = startOwnedProcess({
    name: app.name,
    command,
    args,
    env: { ...options.env, LARDER_HOST: options.host, [app.portVariable]: String(port) },
    logFile: join(options.folder, `${app.name}.log`),
  });
  const end = () => void owned.stop(STOP_GRACE_MS);
  options.signal.addEventListener('abort', end);
  let problems: readonly string[] = [];
  try {
    const url = `${httpAddress(options.host, port)}${app.readyPath}`;
    const ready = readyProbe(url);
    await whenReady(owned, async () => void (problems = await ready()), READY_TIMEOUT_MS);
    for (const problem of problems) options.onTrouble(problem);
    return owned;
  } catch (error) {
    if (options.signal.aborted) {
      await owned.exited;
      options.signal.throwIfAborted();
    }
    throw error;
  } finally {
    options.signal.removeEventListener('abort', end);
  }
}

/** The address under which a listener on `host` is reached from this machine. */
export function httpAddress(host: string, port: number): string {
  const reached = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** Any answer counts, even a connection closed at once: an app that refuses at its limits is alive. */
async function probeHttp(url: string, signal: AbortSignal): Promise<void> {
  try {
    const answer = await fetch(url, { signal });
    await answer.body?.cancel();
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { readonly code?: string };
    if (code !== 'ECONNRESET' && code !== 'UND_ERR_SOCKET') throw error;
  }
}

interface ReadyCheck {
  readonly name: string;
  readonly ready: boolean;
  readonly degraded?: boolean;
  readonly detail?: string;
}

/**
 * Resolves, once the app is ready, with the models that it cannot answer. An app listens when every model is loaded or
 * known to be broken, so its first answer names them all.
 * @throws NeverReady when it has nothing to serve
 */
function readyProbe(url: string): () => Promise<string[]> {
  let idleSinceMs: number | null = null;
  return async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    const checks = checksOf(await answer.text());
    if (answer.ok)
      return checks
        .filter(({ name, degraded }) => degraded === true && name.startsWith('model '))
        .map((check) => lineOf(check));
    const blocking = checks.filter(({ ready }) => !ready);
    const lines = blocking.map((check) => lineOf(check));
    const idle =
      blocking.some(({ name }) => name === 'definitions') &&
      !checks.some(({ name, degraded }) => name === 'postgresql' && degraded === true);
    idleSinceMs = idle ? (idleSinceMs ?? performance.now()) : null;
    if (idleSinceMs !== null && performance.now() - idleSinceMs > NOTHING_TO_SERVE_MS)
      throw new NeverReady(lines.join('\n'));
    throw new Error([`${url} answers ${answer.status}`, ...lines].join('\n  '));
  };
}

function lineOf({ name, detail }: ReadyCheck): string {
  return `${name}: ${detail ?? 'is not ready'}`;
}

/** Empty where the answer does not say. */
function checksOf(body: string): readonly ReadyCheck[] {
  try {
    return (JSON.parse(body) as { readonly checks: readonly ReadyCheck[] }).checks ?? [];
  } catch {
    return [];
  }
}
