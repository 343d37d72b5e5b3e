import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startEmbeddedPostgres } from '../embedded-postgres.ts';
import { startEmbeddedRedis } from '../embedded-redis.ts';
import { toolsFolderOf } from '../redis-server.ts';
import { openStateFolder } from '../state-folder.ts';
import { supervise, type Supervised } from './supervise.ts';
import type { Liveness } from './until-silent.ts';

const DATABASE = 'larder';
/** PostgreSQL's `duplicate_database`. */
const DUPLICATE_DATABASE = '42P04';

export interface StoresOptions {
  /** Folder whose `.larder/stack` holds the data. */
  readonly root: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly onProgress: (message: string) => void;
  readonly onTrouble: (message: string) => void;
  /** Called with each server as soon as it runs, so that it can be stopped after a later failure. */
  readonly started: (server: Supervised) => void;
  readonly signal: AbortSignal;
}

export interface Stores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** Starts PostgreSQL and Redis unless configured, as children on unix sockets. */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const { onProgress, onTrouble, signal } = options;
  const folder = openStateFolder(options.root, 'stack');
  // Wait for both before reporting a failure, so that the one that started is known.
  const [database, redis] = await Promise.allSettled([embedPostgres(), embedRedis()]);
  if (database.status === 'rejected') throw database.reason;
  if (redis.status === 'rejected') throw redis.reason;
  return { databaseUrl: database.value, redisUrl: redis.value };

  async function embedPostgres(): Promise<string> {
    if (options.databaseUrl !== undefined) return options.databaseUrl;
    let url = '';
    let probe: Liveness['probe'];
    options.started(
      await supervise(
        {
          name: 'PostgreSQL',
          async start() {
            const postgres = await startEmbeddedPostgres(folder);
            await postgres.createDatabase(DATABASE).catch((error: unknown) => {
              if ((error as { code?: unknown }).code !== DUPLICATE_DATABASE) throw error;
            });
            url = postgres.url(DATABASE);
            ({ probe } = postgres);
            return postgres.process;
          },
          liveness: { probe: (asked) => probe(asked) },
          onProgress,
          onTrouble,
          stopGraceMs: 20_000,
        },
        signal,
      ),
    );
    onProgress('PostgreSQL is running (embedded).');
    return url;
  }

  async function embedRedis(): Promise<string> {
    if (options.redisUrl !== undefined) return options.redisUrl;
    let url = '';
    let probe: Liveness['probe'];
    options.started(
      await supervise(
        {
          name: 'Redis',
          async start() {
            const server = await startEmbeddedRedis(folder, {
              toolsFolder: toolsFolder(options.root),
              onProgress,
            });
            url = server.url;
            ({ probe } = server);
            return server.process;
          },
          liveness: { probe: (asked) => probe(asked) },
          onProgress,
          onTrouble,
          stopGraceMs: 20_000,
        },
        signal,
      ),
    );
    onProgress('Redis is running (embedded).');
    return url;
  }
}

/** The tools folder of an enclosing project that already has Redis, so that a clone unpacks it once; otherwise the project's own. */
function toolsFolder(root: string): string {
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) {
    const tools = join(folder, '.larder', 'tools');
    if (existsSync(join(tools, 'redis'))) return tools;
  }
  return toolsFolderOf(join(root, '.larder', 'stack'));
}
