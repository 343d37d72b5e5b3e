import { hostname } from 'node:os';
import { LARDER_VERSION, startLoop, systemClock, type Clock, type Logger } from '@larder/core';
import { sql } from 'kysely';
import { withinDeadline } from '../connection/within-deadline.ts';
import type { OfflineStore } from '../offline-store.ts';
import type { ComputableView, LoadedModel, ProcessRole } from '../tables/processes.table.ts';
import { createClockWatch } from './watch-clock.ts';
import { DEAD_AFTER_MS, HEARTBEAT_INTERVAL_MS } from './living.ts';

export interface Announcement {
  /** Unique per start of a process. */
  readonly processId: string;
  readonly project: string;
  readonly role: ProcessRole;
  /** What it can compute and which models it serves now; called on every heartbeat. */
  readonly describe: () => Capabilities;
  /** @default null: it computes nothing */
  readonly slots?: number | null;
}

export interface Capabilities {
  readonly views?: readonly ComputableView[];
  readonly models?: readonly LoadedModel[];
  /** Entries of the prediction log dropped so far. */
  readonly logDropped?: number;
}

export interface AnnounceOptions {
  readonly logger: Logger;
  /** @default 5000 */
  readonly intervalMs?: number;
  /** Compared with PostgreSQL's. @default the system's */
  readonly clock?: Clock;
}

export interface AnnouncedProcess {
  /** Announces a change at once instead of with the next heartbeat. */
  announceNow(): void;
  /** Removes the row; if PostgreSQL is down, other processes remove it later. */
  close(): Promise<void>;
}

/** A process that stops does not wait longer for a database that is down. */
const CLOSE_DEADLINE_MS = 1_000;

/**
 * Keeps this process's row in `larder.processes`: one UPDATE per heartbeat, one at a time, and the whole row again when
 * it changed or others considered the process dead. PostgreSQL is optional: while it is down the heartbeats fail
 * quietly.
 */
export function announceProcess(
  store: Pick<OfflineStore, 'db'>,
  announcement: Announcement,
  { logger, intervalMs = HEARTBEAT_INTERVAL_MS, clock = systemClock }: AnnounceOptions,
): AnnouncedProcess {
  const { processId, project, role, describe, slots = null } = announcement;
  /** The content of the row, as far as this process knows. */
  let written = '';
  const clockWatch = createClockWatch(clock, logger);

  async function beat(): Promise<void> {
    const { views = [], models = [], logDropped = 0 } = describe();
    const now = { views: JSON.stringify(views), models: JSON.stringify(models) };
    const same = written === now.views + now.models;
    if (!same || !(await touch(logDropped))) await write(now);
    written = now.views + now.models;
    await removeDead();
  }

  async function touch(logDropped: number): Promise<boolean> {
    const beforeMs = clockWatch.nowMs();
    const { rows } = await sql<{ readonly ms: number }>`
      update larder.processes set heartbeat_at = now(), log_dropped = ${logDropped},
        log_dropped_at = case when ${logDropped}::bigint > log_dropped then now() else log_dropped_at end
      where process_id = ${processId}
      returning (extract(epoch from clock_timestamp()) * 1000)::double precision as ms`.execute(store.db);
    const [row] = rows;
    if (row !== undefined) clockWatch.compare(beforeMs, row.ms);
    return row !== undefined;
  }

  async function write(now: { readonly views: string; readonly models: string }): Promise<void> {
    // By the database's clock, even when the row is written again.
    const startedAt = sql<Date>`now() - ${process.uptime()} * interval '1 second'`;
    await store.db
      .insertInto('larder.processes')
      .values({
        process_id: processId,
        project,
        role,
        host: hostname(),
        pid: process.pid,
        larder_version: LARDER_VERSION,
        ...now,
        slots,
        started_at: startedAt,
        heartbeat_at: sql<Date>`now()`,
      })
      .onConflict((conflict) =>
        conflict.column('process_id').doUpdateSet((eb) => ({
          views: eb.ref('excluded.views'),
          models: eb.ref('excluded.models'),
          heartbeat_at: sql<Date>`now()`,
        })),
      )
      .execute();
  }

  /** Skips locked rows: two processes that consider each other dead must not wait for each other. */
  async function removeDead(): Promise<void> {
    await sql`
      delete from larder.processes where process_id in (
        select process_id from larder.processes
        where heartbeat_at < now() - ${DEAD_AFTER_MS} * interval '1 millisecond'
        for update skip locked)`.execute(store.db);
  }

  const beats = startLoop({ name: 'Announcing this process', intervalMs, logger, turn: beat });
  return {
    announceNow: () => beats.wake(),
    async close() {
      const remove = async (): Promise<void> => {
        // Wait: a write in progress would restore the row.
        await beats.stop();
        await sql`delete from larder.processes where process_id = ${processId}`.execute(store.db);
      };
      await withinDeadline(remove(), CLOSE_DEADLINE_MS).catch(() => {});
    },
  };
}
