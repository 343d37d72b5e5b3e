import { handDown } from '@larder/core/config';
import { dirname, join, resolve } from 'node:path';
import { openStateFolder } from './state-folder.ts';
import { prepareProject, type PreparedProject } from './stack/prepare-project.ts';
import { httpAddress, startApps, type AppsOptions, type StartedApps } from './stack/start-apps.ts';
import { startStores, type Stores } from './stack/start-stores.ts';
import { claimStackFile, endAbandonedApps, removeStackFile, updateStackFile } from './stack/stack-file.ts';
import type { Supervised } from './stack/supervise.ts';

export type { PreparedProject } from './stack/prepare-project.ts';
export type { Stores } from './stack/start-stores.ts';

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
  /** The first port to try for predictions; 0: any free one. @default 6570 */
  readonly port?: number;
  /**
   * Additional settings for the apps, such as `LARDER_CONNECTION_<NAME>_URL`. A function is called once the stores are
   * running and before the project is applied: use it to fill a source.
   */
  readonly env?: Readonly<Record<string, string>> | StackEnvironment;
  /** Who applies the project, for the record. @default 'larder up' */
  readonly actor?: string;
  /** False: the project is not applied; the apps serve what is. @default true */
  readonly apply?: boolean;
  /** Where artifacts are stored, and their local copies. @default PostgreSQL, and `.larder/cache` beside the project */
  readonly artifacts?: { readonly url: string | null; readonly cacheFolder: string };
  /** Starts nothing when applying the project would stop something that is served or filled today. @default false */
  readonly refuseDestructive?: boolean;
  /** Makes the stores ready for the apps. @default migrates the database and applies the project */
  readonly prepare?: (stores: Stores) => Promise<PreparedProject>;
  /** Receives what was applied, before the apps start. @default its text goes to onProgress */
  readonly onApplied?: (applied: PreparedProject) => void;
  /** Receives lines for people, also later: a process that was restarted. */
  readonly onProgress?: (message: string) => void;
  /** Called when a process died or cannot be restarted. @default onProgress */
  readonly onTrouble?: (message: string) => void;
  /** Aborts starting; everything already running is stopped. */
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
  /** Current ids of the supervised processes by name. */
  pids(): Readonly<Record<string, number>>;
  /**
   * Stops inference and worker, runs `between` and restarts both on the same ports, even when `between` fails.
   * @param signal aborts the restart
   * @throws the error of `between`, or Error when an app does not start: then neither runs
   */
  restartApps(between: () => Promise<void>, signal?: AbortSignal): Promise<void>;
  /** Drains and stops inference and worker, then stops Redis and PostgreSQL. Safe to call twice. */
  stop(): Promise<void>;
}

const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PORT = 6_570;
/** Grace for apps that are restarted at once: a chunk in progress is computed again when its lease has expired. */
const RESTART_GRACE_MS = 3_000;

/**
 * Starts PostgreSQL and Redis unless configured, applies the project and starts inference and worker as separate
 * processes; one that dies is restarted. `.larder/stack.json` holds their addresses.
 * @throws Error when another stack runs in the same folder or a process does not start; nothing is left running
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const project = resolve(options.project);
  const root = resolve(options.root ?? dirname(project));
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, onProgress = () => {} } = options;
  const onTrouble = options.onTrouble ?? onProgress;
  const signal = options.signal ?? new AbortController().signal;
  await endAbandonedApps(root);
  claimStackFile(root, project);
  const stores: Supervised[] = [];
  let apps: StartedApps | null = null;
  let stopping = false;
  const stop = async (): Promise<void> => {
    stopping = true;
    await apps?.stop();
    await Promise.all(stores.map((store) => store.stop()));
    removeStackFile(root);
  };
  try {
    const addresses = await startStores({
      root,
      databaseUrl: options.databaseUrl,
      redisUrl: options.redisUrl,
      onProgress,
      onTrouble,
      started: (server) => stores.push(server),
      signal,
    });
    signal.throwIfAborted();
    const given = typeof options.env === 'function' ? await options.env(addresses) : (options.env ?? {});
    const { databaseUrl } = addresses;
    const applied = await (options.prepare?.(addresses) ??
      prepareProject({
        project,
        databaseUrl,
        artifacts: options.artifacts ?? {
          url: null,
          cacheFolder: join(dirname(project), '.larder', 'cache'),
        },
        actor: options.actor,
        apply: options.apply ?? true,
        refuseDestructive: options.refuseDestructive,
      }));
    const { onApplied = ({ text }) => onProgress(text) } = options;
    onApplied(applied);
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
    const appsOptions: AppsOptions = {
      env: handDown(process.env, env),
      folder: logs,
      onRestart: (pids) => updateStackFile(root, { apps: pids }),
      host,
      onProgress,
      onTrouble,
      signal,
    };
    apps = await startApps({ ...appsOptions, port });
    const { ports } = apps;
    if (port !== 0 && ports.inference !== port)
      onProgress(`Port ${port} is taken; inference listens on ${ports.inference}.`);
    onProgress('Inference and worker are ready.');

    const inferenceUrl = httpAddress(host, ports.inference);
    updateStackFile(root, {
      addresses: { ...addresses, queueRedisUrl, inferenceUrl, env: given },
      apps: apps.pids(),
    });
    let stopped: Promise<void> | null = null;
    return {
      ...addresses,
      inferenceUrl,
      workerUrl: httpAddress(host, ports.worker),
      env,
      applied,
      logs,
      pids: () => ({ ...apps?.pids(), ...pidsOf(stores) }),
      async restartApps(between, giveUp = signal) {
        await apps?.stop(RESTART_GRACE_MS);
        try {
          await between();
        } finally {
          // A stop that arrived in the meantime must only end what is running now.
          if (!stopping) {
            apps = await startApps({
              ...appsOptions,
              port: ports.inference,
              exactPorts: ports,
              signal: AbortSignal.any([signal, giveUp]),
            });
            updateStackFile(root, { apps: apps.pids() });
          }
        }
      },
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
