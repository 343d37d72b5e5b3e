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
  /** Its `.larder/stack` keeps the data. */
  readonly root: string;
  readonly databaseUrl: string | undefined;
  readonly redisUrl: string | undefined;
  readonly onProgress: (message: string) => void;
  readonly onTrouble: (message: string) => void;
  /** Hears of each server as soon as it runs, so that a failure later on can end it. */
  readonly started: (server: Supervised) => void;
  readonly signal: AbortSignal;
}

export interface Stores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** Starts what is not configured of PostgreSQL and Redis, as children on unix sockets. */
export async function startStores(options: StoresOptions): Promise<Stores> {
  const { onProgress, onTrouble, signal } = options;
  const folder = openStateFolder(options.root, 'stack');
  // both settle before a failure is passed on: what started beside it is known by then
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
    onProgress('PostgreSQL runs (embedded).');
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
    onProgress('Redis runs (embedded).');
    return url;
  }
}

/** Where Redis was unpacked for an enclosing project, so that a clone unpacks it once; else the project's own. */
function toolsFolder(root: string): string {
  for (let folder = root; folder !== dirname(folder); folder = dirname(folder)) {
    const tools = join(folder, '.larder', 'tools');
    if (existsSync(join(tools, 'redis'))) return tools;
  }
  return toolsFolderOf(join(root, '.larder', 'stack'));
}
