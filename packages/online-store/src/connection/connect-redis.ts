import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tlsProblem, type Logger } from '@larder/core';
import { Redis, type RedisOptions } from 'ioredis';
import { replaceSilentConnection } from './replace-silent-connection.ts';

export type { Redis } from 'ioredis';

/**
 * While Redis is away, `serving` fails at once, `worker` waits for a limited time, `queue` waits forever, as BullMQ
 * requires, and `tool` tries once.
 */
export type RedisRole = 'serving' | 'worker' | 'queue' | 'tool';

export interface ConnectRedisOptions {
  readonly role: RedisRole;
  /** Gets one line when the connection is lost and one when it is back. */
  readonly logger?: Logger;
  /** How long a command may take. @default by role: serving 250, worker 10,000, tool 5,000, queue unlimited */
  readonly commandTimeoutMs?: number;
}

/**
 * A connection to `redis://`, `rediss://` or `unix:///path/to/redis.sock?db=0`; it connects in the background and
 * reconnects by itself. All connections are made here. `rediss://` verifies certificate and host name of the server, by
 * the CA in `?sslrootcert=/path/ca.pem` if it names one, and never falls back to plain text.
 */
export function connectRedis(url: string, options: ConnectRedisOptions): Redis {
  const role = ROLES[options.role];
  const redis = new Redis({
    ...addressOf(url),
    ...role,
    ...(options.commandTimeoutMs === undefined ? {} : { commandTimeout: options.commandTimeoutMs }),
    connectionName: `larder-${options.role}`,
    // CLIENT SETINFO is not in infra/redis/users.acl
    disableClientInfo: true,
  });
  reportOnce(redis, options.logger);
  if (options.role === 'serving') replaceSilentConnection(redis);
  return redis;
}

type Settings = Omit<RedisOptions, 'replyMapping'>;

const reconnectSoon = (attempt: number) => Math.min(25 * 2 ** attempt, 1_000);

const ROLES: Readonly<Record<RedisRole, Settings>> = {
  serving: {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    connectTimeout: 1_000,
    commandTimeout: 250,
    retryStrategy: reconnectSoon,
  },
  worker: {
    // about 9 s of reconnecting, then waiting commands fail instead of piling up
    maxRetriesPerRequest: 12,
    connectTimeout: 5_000,
    commandTimeout: 10_000,
    // replaces a connection that the network dropped silently; the kernel alone takes 15 minutes
    socketTimeout: 15_000,
    retryStrategy: reconnectSoon,
  },
  queue: { maxRetriesPerRequest: null, connectTimeout: 5_000, retryStrategy: reconnectSoon },
  tool: { maxRetriesPerRequest: 0, connectTimeout: 5_000, commandTimeout: 5_000, retryStrategy: () => null },
};

function addressOf(url: string): Settings {
  const parsed = new URL(url);
  const db = parsed.protocol === 'unix:' ? parsed.searchParams.get('db') : parsed.pathname.slice(1);
  const address: Settings = {
    ...(parsed.username === '' ? {} : { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password === '' ? {} : { password: decodeURIComponent(parsed.password) }),
    ...(db === null || db === '' ? {} : { db: Number(db) }),
  };
  if (parsed.protocol === 'unix:') return { ...address, path: decodeURIComponent(parsed.pathname) };
  if (parsed.protocol !== 'redis:' && parsed.protocol !== 'rediss:')
    throw new Error(
      `A Redis URL must start with redis://, rediss:// or unix:///, not with ${parsed.protocol}//.`,
    );
  const host = parsed.hostname.replace(/^\[|\]$/g, '');
  return {
    ...address,
    host,
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    ...(parsed.protocol === 'rediss:' ? { tls: tlsFor(host, parsed.searchParams.get('sslrootcert')) } : {}),
  };
}

function tlsFor(host: string, caFile: string | null): NonNullable<Settings['tls']> {
  return {
    // whatever NODE_TLS_REJECT_UNAUTHORIZED says
    rejectUnauthorized: true,
    // Node.js sends no name by itself, and servers with several certificates choose by it; RFC 6066 allows no address
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
  };
}

/** Without an 'error' listener, ioredis prints every attempt to stderr. */
function reportOnce(redis: Redis, logger: Logger | undefined): void {
  let away = false;
  redis.on('error', (error: Error) => {
    if (!away) {
      const problem = tlsProblem(error);
      // a refused certificate hangs on the error as a whole
      const err = { message: error.message, code: (error as NodeJS.ErrnoException).code };
      logger?.warn(
        { err },
        problem === null ? 'Redis is away; reconnecting' : `Redis cannot be used: ${problem}`,
      );
    }
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger?.info('Redis is back');
    away = false;
  });
}
