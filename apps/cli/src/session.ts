import { LarderError, createLogger } from '@larder/core';
import type { LoadedDefinitions, LoadedProject, Manifest } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import type { ArtifactStore } from '@larder/registry';
import type { OnlineStore, Redis } from '@larder/online-store';
import type { Config } from './config.ts';
import type { Output } from './output/output.ts';

const REDIS_TIMEOUT_MS = 5_000;
const CONNECTIONS = 4;

/** Resources of a verb; each is opened on first use and closed after the verb. */
export interface Session {
  readonly config: Config;
  readonly out: Output;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** @throws PROJECT_NOT_FOUND, PROJECT_NOT_LOADABLE, DEFINITION_INVALID */
  definitions(): Promise<LoadedDefinitions>;
  /** The same with hashes and manifest. @throws as `definitions` */
  project(): Promise<LoadedProject>;
  /** @throws CONFIGURATION_INVALID without an address */
  offlineStore(): Promise<OfflineStore>;
  /** @throws as `offlineStore` */
  artifacts(): Promise<ArtifactStore>;
  /** @throws CONFIGURATION_INVALID without an address, ONLINE_STORE_UNAVAILABLE */
  redis(): Promise<Redis>;
  /** @throws as `redis` */
  onlineStore(): Promise<OnlineStore>;
  /** The applied definitions; before the first apply, and while PostgreSQL is unavailable or not configured, the loaded ones. */
  manifest(): Promise<Manifest>;
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
    return loadDefinitions(config.projectPath);
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
  const redis = once(async () => {
    if (config.redisUrl === null) throw notConfigured('Redis', 'LARDER_REDIS_URL', '--redis-url');
    const { connectRedis, waitForRedis } = await import('@larder/online-store');
    const connection = connectRedis(config.redisUrl, { role: 'tool' });
    closing.push(() => connection.disconnect());
    await waitForRedis(connection, REDIS_TIMEOUT_MS);
    return connection;
  });
  return {
    config,
    out,
    signal,
    definitions,
    project,
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
    redis,
    onlineStore: once(async () => {
      const [{ createOnlineStore }, { name }] = await Promise.all([
        import('@larder/online-store'),
        definitions(),
      ]);
      return createOnlineStore({ redis: await redis(), project: name });
    }),
    manifest: once(async () => {
      const { name } = await definitions();
      if (config.databaseUrl !== null) {
        const { appliedManifest } = await import('@larder/registry');
        const applied = await appliedManifest(await offlineStore(), name).catch(() => null);
        if (applied !== null) return applied.manifest;
      }
      return (await project()).manifest;
    }),
    async close() {
      for (const close of closing.reverse()) await close();
    },
  };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

function notConfigured(what: string, variable: string, flag: string): LarderError {
  return new LarderError(
    'CONFIGURATION_INVALID',
    `No address of ${what} is configured: no stack runs here (larder up starts one), and neither ${variable} nor ${flag} is set.`,
    { errors: [{ pointer: `/${variable}`, detail: 'is missing' }] },
  );
}
