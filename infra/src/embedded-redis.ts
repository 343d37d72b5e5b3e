import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { type OwnedProcess, startOwnedProcess, whenReady } from './owned-process.ts';
import { redisServer, toolsFolderOf } from './redis-server.ts';
import { probeSocket } from './stack/probe-socket.ts';
import type { StateFolder } from './state-folder.ts';

export interface EmbeddedRedis {
  /** `unix:///…/redis.sock` */
  readonly url: string;
  readonly process: OwnedProcess;
  /** Resolves when it answers, even that it is loading or busy. */
  probe(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface EmbeddedRedisOptions {
  /** Append-only file, flushed every second. @default true */
  readonly durable?: boolean;
  /** Additional settings, `{ 'hash-max-listpack-value': '512' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Folder for an unpacked server. @default `.larder/tools` of the project */
  readonly toolsFolder?: string;
  readonly onProgress?: (message: string) => void;
}

const PING = Buffer.from('PING\r\n');

/** A private Redis (or Valkey) child on a unix socket; no TCP port, no default configuration file. */
export async function startEmbeddedRedis(
  folder: StateFolder,
  options: EmbeddedRedisOptions = {},
): Promise<EmbeddedRedis> {
  const server = await redisServer(options.toolsFolder ?? toolsFolderOf(folder.path), options.onProgress);
  const data = join(folder.path, 'redis');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const socket = join(folder.socketFolder, 'redis.sock');
  await endOrphan(socket);
  const settings: Record<string, string> = {
    port: '0',
    unixsocket: socket,
    unixsocketperm: '700',
    dir: data,
    appendonly: options.durable === false ? 'no' : 'yes',
    appendfsync: 'everysec',
    save: '',
    'maxmemory-policy': 'noeviction',
    'hash-max-listpack-value': '512',
    daemonize: 'no',
    ...options.settings,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const process = startOwnedProcess({
    name: 'Redis',
    command: server.path,
    args,
    env: server.env,
    logFile: join(folder.path, 'redis.log'),
  });
  await whenReady(process, () => ask(socket, (redis) => redis.ping()));
  return {
    url: pathToFileURL(socket).href.replace('file:', 'unix:'),
    process,
    probe: (signal) => probeSocket(socket, PING, signal),
    stop: () => process.stop(),
  };
}

/** Shuts down a server that a crash left on our socket: it holds the append-only file. */
async function endOrphan(socket: string): Promise<void> {
  for (let attempt = 0; attempt < 100 && existsSync(socket) && (await accepts(socket)); attempt++) {
    await ask(socket, (redis) => redis.shutdown()).catch(() => {}); // it closes the connection instead of answering
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  rmSync(socket, { force: true });
}

function accepts(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket, () => resolve(true)).once('error', () => resolve(false));
    connection.once('connect', () => connection.destroy());
  });
}

async function ask(socket: string, question: (redis: Redis) => Promise<unknown>): Promise<void> {
  const redis = new Redis({
    path: socket,
    lazyConnect: true,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  redis.on('error', () => {}); // the call below rejects with the reason
  try {
    await redis.connect();
    await question(redis);
  } finally {
    redis.disconnect();
  }
}
