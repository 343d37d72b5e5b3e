import { LarderError, createLogger, isLarderError } from '@larder/core';
import type { LoadedDefinitions, LoadedProject, Manifest } from '@larder/features';
import type { ReceiptPlace } from '@larder/materialization/erasure';
import type { OfflineStore } from '@larder/offline-store';
import type { ArtifactStore } from '@larder/registry';
import type { OnlineStore, Redis } from '@larder/online-store';
import type { Config } from './config.ts';
import type { Control } from './control/control.ts';
import type { Output } from './output/output.ts';

const REDIS_TIMEOUT_MS = 5_000;
const CONNECTIONS = 4;

/** Resources of a verb; each is opened on first use and closed after the verb. */
export interface Session {
  readonly config: Config;
  readonly out: Output;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Artifacts are not looked at. @throws PROJECT_NOT_FOUND, PROJECT_NOT_LOADABLE, DEFINITION_INVALID */
  definitions(): Promise<LoadedDefinitions>;
  /** The same with hashes and manifest: artifacts must be there. @throws as `definitions` */
  project(): Promise<LoadedProject>;
  /**
   * As named by `--project-name`, else by the definitions. While those cannot be loaded, the one project that is applied.
   * @throws as `definitions`
   */
  projectName(): Promise<string>;
  /** @throws CONFIGURATION_INVALID without an address */
  offlineStore(): Promise<OfflineStore>;
  /** @throws as `offlineStore` */
  artifacts(): Promise<ArtifactStore>;
  /** Null: not configured. */
  receipts(): Promise<ReceiptPlace | null>;
  /** @throws CONFIGURATION_INVALID without an address, ONLINE_STORE_UNAVAILABLE */
  redis(): Promise<Redis>;
  /** @throws as `redis` */
  onlineStore(): Promise<OnlineStore>;
  /** The applied definitions; before the first apply, and while PostgreSQL is unavailable or not configured, the loaded ones. */
  manifest(): Promise<Manifest>;
  /** The service, or the stores. */
  control(): Promise<Control>;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly config: Config;
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** Each member imports the packages it needs: a verb loads no library that it does not use. */
export function createSession({ config, out, signal }: SessionOptions): Session {
  const closing: (() => unknown)[] = [];
  const project = once(async () => {
    const { loadProject } = await import('@larder/features');
    return loadProject(config.projectPath);
  });
  const definitions = once(async () => {
    const { loadDefinitions } = await import('@larder/features');
    return loadDefinitions(config.projectPath, { artifacts: 'ignored' });
  });
  const offlineStore = once(async () => {
    if (config.databaseUrl === null)
      throw notConfigured('the database', 'LARDER_DATABASE_URL', '--database-url');
    const { createOfflineStore } = await import('@larder/offline-store');
    const store = createOfflineStore({
      databaseUrl: config.databaseUrl,
      maxConnections: CONNECTIONS,
      logger: createLogger('larder', { level: 'silent' }),
    });
    closing.push(() => store.close());
    return store;
  });
  const projectName = once(async () => {
    if (config.projectName !== null) return config.projectName;
    try {
      return (await definitions()).name;
    } catch (error) {
      if (!isLarderError(error) || !UNREADABLE.has(error.code) || config.databaseUrl === null) throw error;
      const { appliedProjects } = await import('@larder/registry');
      const applied = await appliedProjects(await offlineStore()).catch((): string[] => []);
      const [only] = applied;
      if (only === undefined) throw error;
      if (applied.length > 1) throw nameNeeded(error, applied);
      out.note(`${error.message}\nThe only project that is applied is used: ${only}.`);
      return only;
    }
  });
  const redis = once(async () => {
    if (config.redisUrl === null) throw notConfigured('Redis', 'LARDER_REDIS_URL', '--redis-url');
    const { connectRedis, waitForRedis } = await import('@larder/online-store');
    const connection = connectRedis(config.redisUrl, { role: 'tool' });
    closing.push(() => connection.disconnect());
    await waitForRedis(connection, REDIS_TIMEOUT_MS);
    return connection;
  });
  const session: Session = {
    config,
    out,
    signal,
    definitions,
    project,
    projectName,
    offlineStore,
    artifacts: once(async () => {
      const { createArtifactStore } = await import('@larder/registry');
      const artifacts = createArtifactStore({
        store: await offlineStore(),
        ...config.artifacts,
        logger: createLogger('larder', { level: 'silent' }),
      });
      closing.push(() => artifacts.close());
      return artifacts;
    }),
    async receipts() {
      if (config.receiptsUrl === null) return null;
      const { openReceipts } = await import('@larder/registry');
      return openReceipts(config.receiptsUrl);
    },
    redis,
    onlineStore: once(async () => {
      const [{ createOnlineStore }, name] = await Promise.all([
        import('@larder/online-store'),
        projectName(),
      ]);
      const keyHasher = once(async () => {
        const { projectKeyHasher } = await import('@larder/offline-store');
        return projectKeyHasher(await offlineStore(), name);
      });
      return createOnlineStore({ redis: await redis(), project: name, keyHasher });
    }),
    manifest: once(async () => {
      const name = await projectName();
      if (config.databaseUrl !== null) {
        const { appliedManifest } = await import('@larder/registry');
        const applied = await appliedManifest(await offlineStore(), name).catch(() => null);
        if (applied !== null) return applied.manifest;
      }
      const loaded = await project();
      if (loaded.name === name) return loaded.manifest;
      throw new LarderError('PROJECT_NOT_FOUND', `No project ${name} is applied.`);
    }),
    control: once(async () => (await import('./control/create-control.ts')).createControl(session)),
    async close() {
      for (const close of closing.reverse()) await close();
    },
  };
  return session;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

const UNREADABLE: ReadonlySet<string> = new Set(['PROJECT_NOT_LOADABLE', 'DEFINITION_INVALID']);

function nameNeeded(error: LarderError, applied: readonly string[]): LarderError {
  return new LarderError(
    error.code,
    `${error.message}\nTo go on without larder.config.ts, name the project with --project-name; applied are ${applied.join(', ')}.`,
    { cause: error, errors: error.errors },
  );
}

function notConfigured(what: string, variable: string, flag: string): LarderError {
  return new LarderError(
    'CONFIGURATION_INVALID',
    `No address of ${what} is configured: no stack runs here (larder up starts one), and neither ${variable} nor ${flag} is set.`,
    { errors: [{ pointer: `/${variable}`, detail: 'is missing' }] },
  );
}
