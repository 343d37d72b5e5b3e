import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { Problem } from './problem.ts';

export interface UpkeepStanding {
  /** Null: PostgreSQL archives nothing, or does not say. */
  readonly archivedAt: Date | null;
  readonly archiving: boolean;
  readonly problems: readonly Problem[];
}

interface UpkeepRow {
  readonly unnumberedSince: Date | null;
  readonly erasures: number;
  readonly erasureSince: Date | null;
  readonly erasureReason: string | null;
  readonly hasPredictions: boolean;
  readonly hasNextMonth: boolean;
  readonly hoursToNextMonth: number;
  readonly archiving: boolean;
  readonly archivedAt: Date | null;
  readonly archiveFailedAt: Date | null;
  readonly notices: number;
  readonly noticeSince: Date | null;
  readonly noticeError: string | null;
}

/** The partition of the next month is made days before. */
const PARTITION_AHEAD_H = 48;

/** What PostgreSQL itself has to keep up with: the feed, partitions, erasures, its archive, the webhook. */
export async function upkeepProblems(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  now: Date,
): Promise<UpkeepStanding> {
  const { rows } = await sql<UpkeepRow>`
    select
      (select min(recorded_at) from larder.unnumbered_changes u
        where u.project = ${project} and u.recorded_at < now() - interval '1 minute') as "unnumberedSince",
      e.erasures, e.since as "erasureSince", e.reason as "erasureReason",
      to_regclass('larder.predictions_' || to_char(this_month, 'YYYY_MM')) is not null as "hasPredictions",
      to_regclass('larder.predictions_' || to_char(next_month, 'YYYY_MM')) is not null as "hasNextMonth",
      (extract(epoch from next_month - today) / 3600)::double precision as "hoursToNextMonth",
      current_setting('archive_mode') <> 'off' as archiving, a.last_archived_time as "archivedAt",
      case when a.last_failed_time > coalesce(a.last_archived_time, '-infinity') then a.last_failed_time end as "archiveFailedAt",
      n.notices, n.since as "noticeSince", n.error as "noticeError"
    from (
      select today, date_trunc('month', today) as this_month, date_trunc('month', today) + interval '1 month' as next_month
      from (select ${now}::timestamptz at time zone 'utc' as today) d) t
    cross join pg_stat_archiver a
    cross join (
      select count(*)::integer as erasures, min(requested_at) as since, max(error_reason) as reason
      from larder.erasures where project = ${project} and status = 'running'
        and (requested_at < now() - interval '10 minutes' or error_code is not null)) e
    cross join (
      select count(*)::integer as notices, min(n.created_at) as since, max(n.error) as error
      from larder.notices n join larder.incidents i using (incident_id)
      where i.project = ${project} and n.attempts > 2 and n.sent_at is null
        and (n.given_up_at is null or n.given_up_at > greatest(now() - interval '1 day', (
          select max(s.sent_at) from larder.notices s join larder.incidents t using (incident_id)
          where t.project = ${project})))) n`.execute(store.db);
  const row = rows[0] as UpkeepRow;
  return { archivedAt: row.archivedAt, archiving: row.archiving, problems: problemsOf(row) };
}

function problemsOf(row: UpkeepRow): Problem[] {
  const problems: Problem[] = [];
  if (row.unnumberedSince !== null)
    problems.push({
      kind: 'changes_not_numbered',
      severity: 'act',
      subject: 'feed of changes',
      since: row.unnumberedSince,
      detail: 'changes have no position yet: chains, freshness and windows do not see them',
      next: 'larder ps',
    });
  if (row.erasures > 0)
    problems.push({
      kind: 'erasure_unfinished',
      severity: 'act',
      subject: 'erasures',
      since: row.erasureSince,
      detail: `${row.erasures === 1 ? 'an erasure is' : `${row.erasures} erasures are`} not complete${row.erasureReason === null ? '' : `: ${row.erasureReason}`}`,
      next: 'larder forget --receipts',
    });
  if (row.hasPredictions && !row.hasNextMonth && row.hoursToNextMonth < PARTITION_AHEAD_H)
    problems.push({
      kind: 'partition_missing',
      severity: row.hoursToNextMonth < PARTITION_AHEAD_H / 4 ? 'act' : 'note',
      subject: 'larder.predictions',
      since: null,
      detail: 'the partition of the next month does not exist',
      next: 'larder doctor',
    });
  if (row.archiveFailedAt !== null)
    problems.push({
      kind: 'archiving_failed',
      severity: 'act',
      subject: 'PostgreSQL',
      since: row.archiveFailedAt,
      detail: 'the last segment of the log was not archived: what is written since cannot be recovered',
      next: "psql -c 'select * from pg_stat_archiver'",
    });
  if (row.notices > 0)
    problems.push({
      kind: 'webhook_failing',
      severity: 'act',
      subject: 'webhook',
      since: row.noticeSince,
      detail: `${row.notices === 1 ? 'a notice does' : `${row.notices} notices do`} not reach it: ${row.noticeError ?? 'no attempt ended'}`,
      next: 'Check LARDER_WEBHOOK_URL and its receiver',
    });
  return problems;
}
