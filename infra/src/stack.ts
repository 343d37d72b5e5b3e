import { dirname, resolve } from 'node:path';
import { openStateFolder } from './state-folder.ts';
import { prepareProject, type PreparedProject } from './stack/prepare-project.ts';
import { httpAddress, startInference, startWorker } from './stack/start-apps.ts';
import { startStores, type Stores } from './stack/start-stores.ts';
import { claimStackFile, endAbandonedApps, removeStackFile, updateStackFile } from './stack/stack-file.ts';
import type { Supervised } from './stack/supervise.ts';

export interface StackOptions {
  /** Path of larder.config.ts. */
  readonly project: string;
  /** The folder whose `.larder` keeps all state. @default the project's folder */
  readonly root?: string;
  /** @default an embedded PostgreSQL */
  readonly databaseUrl?: string;
  /** @default an embedded Redis */
  readonly redisUrl?: string;
  /** @default redisUrl */
  readonly queueRedisUrl?: string;
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** The first port to try for predictions. @default 6570 */
  readonly port?: number;
  /**
   * What the apps get beside: `LARDER_CONNECTION_<NAME>_URL` and other settings. A function is called once the stores
   * run and before the project is applied: the place to fill a source.
   */
  readonly env?: Readonly<Record<string, string>> | StackEnvironment;
  /** Who applies the project, for the record. @default 'larder up' */
  readonly actor?: string;
  /** Lines for a person, also later: a process that died and was started again. */
  readonly onProgress?: (message: string) => void;
  /** Gives up starting; what runs already is stopped. */
  readonly signal?: AbortSignal;
}

export type StackEnvironment = (stores: Stores) => Promise<Readonly<Record<string, string>>>;

export interface Stack {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly inferenceUrl: string;
  /** The worker's `/metrics` and `/health/live`. */
  readonly workerUrl: string;
  /** The `LARDER_*` settings that make any tool reach this stack. */
  readonly env: Readonly<Record<string, string>>;
  /** What applying the project changed. */
  readonly applied: PreparedProject;
  /** Folder of the logs. */
  readonly logs: string;
  /** Ids of the supervised processes by name, as of now. */
  pids(): Readonly<Record<string, number>>;
  /** Inference and worker drain and end, then Redis and PostgreSQL. Safe to call twice. */
  stop(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 6_570;

/**
 * Starts what is not configured of PostgreSQL and Redis, applies the project and starts inference and worker as
 * processes of their own; one that dies is started again. `.larder/stack.json` says where all of it is.
 * @throws Error when another stack runs in the same folder or something does not start; nothing is left running
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const project = resolve(options.project);
  const root = resolve(options.root ?? dirname(project));
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, onProgress = () => {} } = options;
  const signal = options.signal ?? new AbortController().signal;
  await endAbandonedApps(root);
  claimStackFile(root, project);
  const stores: Supervised[] = [];
  const apps: Supervised[] = [];
  const stop = async (): Promise<void> => {
    await Promise.all(apps.map((app) => app.stop()));
    await Promise.all(stores.map((store) => store.stop()));
    removeStackFile(root);
  };
  try {
    const addresses = await startStores({
      root,
      databaseUrl: options.databaseUrl,
      redisUrl: options.redisUrl,
      onProgress,
      started: (server) => stores.push(server),
      signal,
    });
    signal.throwIfAborted();
    const given = typeof options.env === 'function' ? await options.env(addresses) : (options.env ?? {});
    const applied = await prepareProject({
      project,
      databaseUrl: addresses.databaseUrl,
      actor: options.actor,
    });
    onProgress(applied.text);
    signal.throwIfAborted();

    const queueRedisUrl = options.queueRedisUrl ?? addresses.redisUrl;
    const logs = openStateFolder(root, 'stack').path;
    const env = {
      ...given,
      LARDER_PROJECT: project,
      LARDER_DATABASE_URL: addresses.databaseUrl,
      LARDER_REDIS_URL: addresses.redisUrl,
      LARDER_QUEUE_REDIS_URL: queueRedisUrl,
    };
    const common = {
      env: { ...process.env, ...env },
      folder: logs,
      onRestart: () => updateStackFile(root, { apps: pidsOf(apps) }),
      host,
      onProgress,
      signal,
    };
    const inference = await startInference({ ...common, port });
    apps.push(inference.server);
    if (inference.port !== port) onProgress(`Port ${port} is taken; inference listens on ${inference.port}.`);
    const worker = await startWorker({ ...common, port: inference.port + 1 });
    apps.push(worker.server);
    onProgress('Inference and worker are ready.');

    const inferenceUrl = httpAddress(host, inference.port);
    updateStackFile(root, {
      addresses: { ...addresses, queueRedisUrl, inferenceUrl, env: given },
      apps: pidsOf(apps),
    });
    let stopped: Promise<void> | null = null;
    return {
      ...addresses,
      inferenceUrl,
      workerUrl: httpAddress(host, worker.port),
      env,
      applied,
      logs,
      pids: () => pidsOf([...apps, ...stores]),
      stop: () => (stopped ??= stop()),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function pidsOf(servers: readonly Supervised[]): Record<string, number> {
  return Object.fromEntries(servers.map((server) => [server.name, server.pid()]));
}
