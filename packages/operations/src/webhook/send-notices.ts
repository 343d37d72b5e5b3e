import type { OfflineStore } from '@larder/offline-store';
import type { Poster } from '@larder/outbound';
import { sql } from 'kysely';
import { noticeBody, type Notice } from './notice-body.ts';
import { webhookHeaders } from './sign-webhook.ts';

export interface SendOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly poster: Pick<Poster, 'post'>;
  readonly secret: string;
  readonly signal: AbortSignal;
  /** Limit on one attempt. @default 10000 */
  readonly timeoutMs?: number;
  /** Pauses after the first, second, … failed attempt; the last one repeats. @default 5 s to 1 h */
  readonly pausesMs?: readonly number[];
}

const TIMEOUT_MS = 10_000;
const PAUSES_MS = [5_000, 30_000, 120_000, 600_000, 1_800_000, 3_600_000] as const;
/** Nobody wants to be woken by what began a day ago. */
export const GIVE_UP_H = 24;

interface TakenNotice extends Notice {
  readonly attempts: number;
  readonly createdAt: Date;
}

/**
 * Sends the notice that waits longest, at least once. It is taken by a lease before anything is sent: of several
 * processes one sends it, and one that dies leaves it to another when the lease ends, with the same id and body.
 * @returns false: none is due
 */
export async function sendNextNotice(options: SendOptions): Promise<boolean> {
  const { store, poster, secret, signal, timeoutMs = TIMEOUT_MS, pausesMs = PAUSES_MS } = options;
  const notice = await takeNotice(options, timeoutMs + TIMEOUT_MS);
  if (notice === null) return false;
  const { noticeId, attempts } = notice;
  const body = noticeBody(notice);
  const timestamp = Math.floor(Date.now() / 1_000);
  let failure: string;
  try {
    const { status } = await poster.post({
      headers: webhookHeaders({ id: noticeId, timestamp, body }, secret),
      body,
      timeoutMs,
      signal,
    });
    if (status >= 200 && status < 300) {
      await sql`update larder.notices set sent_at = now(), error = null where notice_id = ${noticeId}`.execute(
        store.db,
      );
      return true;
    }
    failure = `the receiver answers ${status}`;
  } catch (error) {
    // A process that stops leaves the notice to its lease.
    signal.throwIfAborted();
    failure = error instanceof Error ? error.message : String(error);
  }
  const pauseMs = pausesMs[Math.min(attempts, pausesMs.length) - 1] ?? 0;
  await sql`
    update larder.notices set error = ${failure},
      next_attempt_at = now() + ${pauseMs} * interval '1 millisecond'
    where notice_id = ${noticeId}`.execute(store.db);
  return true;
}

/** What is resolved is told after what was opened. */
async function takeNotice({ store, project }: SendOptions, leaseMs: number): Promise<TakenNotice | null> {
  const { rows } = await sql<TakenNotice>`
    with next as (
      select n.notice_id from larder.notices n join larder.incidents i using (incident_id)
      where i.project = ${project} and n.sent_at is null and n.given_up_at is null and n.next_attempt_at <= now()
        and n.created_at > now() - ${sql.lit(GIVE_UP_H)} * interval '1 hour'
        and (n.event = 'opened' or not exists (
          select from larder.notices before where before.incident_id = n.incident_id and before.event = 'opened'
            and before.sent_at is null and before.given_up_at is null))
      order by n.next_attempt_at limit 1
      for update of n skip locked
    )
    update larder.notices n set attempts = n.attempts + 1,
      next_attempt_at = now() + ${leaseMs} * interval '1 millisecond'
    from next, larder.incidents i
    where n.notice_id = next.notice_id and i.incident_id = n.incident_id
    returning n.notice_id as "noticeId", n.event, n.attempts, n.created_at as "createdAt", i.incident_id as "incidentId",
      i.project, i.kind, i.subject, i.since, i.detail, i.next, i.opened_at as "openedAt", i.resolved_at as "resolvedAt"`.execute(
    store.db,
  );
  return rows[0] ?? null;
}
