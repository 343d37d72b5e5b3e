import { chmodSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { openStateFolder, startEmbeddedPostgres, type EmbeddedPostgres } from '@larder/infra';
import pg from 'pg';

export interface ArchivedPostgres {
  url(database: string): string;
  /** Copies the running server's files and archives what belongs to them. */
  backUp(): Promise<void>;
  /** The present, by the server's clock. */
  now(): Promise<string>;
  /** Stops the server, and starts it again as it was at this time. What was archived in between is kept. */
  recoverTo(instant: string): Promise<void>;
  /** From now on nothing reaches the replica, which the base backup is the start of. */
  cutReplica(): Promise<void>;
  /** Stops the server, and promotes the replica in its place. */
  promoteReplica(): Promise<void>;
  stop(): Promise<void>;
}

const POLL_MS = 20;
const PATIENCE_MS = 60_000;

/**
 * PostgreSQL that archives its write-ahead log, with a base backup and a recovery to a point in time by nothing but its own
 * SQL and a copy of its folder: what pgBackRest and managed services do.
 */
export async function startArchivedPostgres(root: string, name: string): Promise<ArchivedPostgres> {
  const folder = openStateFolder(root, name);
  const data = join(folder.path, 'postgres');
  const backup = join(folder.path, 'base-backup');
  const archive = join(folder.path, 'wal');
  const replicated = join(folder.path, 'replicated-wal');
  mkdirSync(archive, { recursive: true });
  const archiving = { archive_mode: 'on', archive_command: `cp "%p" "${archive}/%f"` };
  let postgres: EmbeddedPostgres = await startEmbeddedPostgres(folder, { settings: archiving });

  const withClient = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ connectionString: postgres.url('postgres') });
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  };
  /** Ends the present segment of the log, and waits until it is archived. */
  const archiveAll = async (client: pg.Client): Promise<void> => {
    const { rows } = await client.query<{ name: string }>(
      `select pg_walfile_name(pg_create_restore_point('end of the drill')) as name`,
    );
    await client.query('select pg_switch_wal()');
    await until(async () => existsSync(join(archive, rows[0]?.name ?? '')));
  };

  const startFromBackup = async (
    signal: string,
    settings: Readonly<Record<string, string>>,
  ): Promise<void> => {
    await postgres.stop();
    rmSync(data, { recursive: true });
    cpSync(backup, data, { recursive: true });
    // PostgreSQL refuses a folder that others may read.
    chmodSync(data, 0o700);
    mkdirSync(join(data, 'pg_wal/archive_status'), { recursive: true });
    writeFileSync(join(data, signal), '');
    postgres = await startEmbeddedPostgres(folder, { settings: { ...archiving, ...settings } });
  };

  return {
    url: (database) => postgres.url(database),
    now: () =>
      withClient(async (client) => {
        const { rows } = await client.query<{ now: string }>('select clock_timestamp()::text as now');
        return rows[0]?.now as string;
      }),
    backUp: () =>
      // One session: the backup ends when it does.
      withClient(async (client) => {
        await client.query(`select pg_backup_start('drill', true)`);
        rmSync(backup, { recursive: true, force: true });
        cpSync(data, backup, {
          recursive: true,
          filter: (path) => !path.endsWith('/postmaster.pid') && !path.includes('/pg_wal/'),
        });
        const { rows } = await client.query<{ labelfile: string }>(
          'select labelfile from pg_backup_stop(true)',
        );
        writeFileSync(join(backup, 'backup_label'), rows[0]?.labelfile as string);
      }),
    async recoverTo(instant) {
      await withClient(archiveAll);
      await startFromBackup('recovery.signal', {
        restore_command: `cp "${archive}/%f" "%p"`,
        recovery_target_time: instant,
        recovery_target_action: 'promote',
      });
      await until(() => withClient(isPrimary));
    },
    async cutReplica() {
      await withClient(archiveAll);
      cpSync(archive, replicated, { recursive: true });
    },
    async promoteReplica() {
      await startFromBackup('standby.signal', { restore_command: `cp "${replicated}/%f" "%p"` });
      await withClient((client) => client.query('select pg_promote()'));
      await until(() => withClient(isPrimary));
    },
    stop: () => postgres.stop(),
  };
}

async function isPrimary(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ recovering: boolean }>('select pg_is_in_recovery() as recovering');
  return rows[0]?.recovering === false;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (const started = performance.now(); !(await condition()); await delay(POLL_MS))
    if (performance.now() - started > PATIENCE_MS)
      throw new Error('PostgreSQL did not get there within a minute.');
}
