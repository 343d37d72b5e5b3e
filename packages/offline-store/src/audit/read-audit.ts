import { LarderError } from '@larder/core';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { AuditOutcome } from '../tables/audit.table.ts';

export interface AuditFilter {
  readonly project: string;
  readonly actor?: string | undefined;
  readonly keyId?: string | undefined;
  readonly action?: string | undefined;
  readonly subject?: string | undefined;
  readonly requestId?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  /** From `from` to before `to`. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

export interface RecordedAudit {
  readonly auditId: string;
  readonly at: Date;
  readonly actor: string;
  readonly keyId: string | null;
  readonly action: string;
  readonly subject: string;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly before: string | null;
  readonly after: string | null;
  readonly outcome: AuditOutcome;
  readonly code: string | null;
  readonly calls: number;
}

export interface AuditPage {
  readonly entries: readonly RecordedAudit[];
  /** Null: the end. */
  readonly cursor: string | null;
}

/** A page of the audit, newest first. @throws REQUEST_INVALID for a cursor that is none */
export async function readAudit(
  store: Pick<OfflineStore, 'db'>,
  filter: AuditFilter,
  { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
): Promise<AuditPage> {
  const { project, actor, keyId, action, subject, requestId, outcome, from, to } = filter;
  const conditions = [
    sql`project = ${project}`,
    cursor !== undefined && beforeCursor(cursor),
    actor !== undefined && sql`actor = ${actor}`,
    keyId !== undefined && sql`key_id = ${keyId}`,
    action !== undefined && sql`action = ${action}`,
    subject !== undefined && sql`subject = ${subject}`,
    requestId !== undefined && sql`request_id = ${requestId}`,
    outcome !== undefined && sql`outcome = ${outcome}`,
    from !== undefined && sql`at >= ${from}`,
    to !== undefined && sql`at < ${to}`,
  ].filter((condition) => condition !== false);
  const { rows } = await sql<RecordedAudit & { readonly us: string }>`
    select audit_id as "auditId", at, actor, key_id as "keyId", action, subject, request_id as "requestId", address,
      before, after, outcome, code, calls, (extract(epoch from at) * 1000000)::bigint::text as us
    from larder.audit where ${sql.join(conditions, sql` and `)}
    order by at desc, audit_id desc limit ${limit + 1}`.execute(store.db);
  const entries = rows.slice(0, limit);
  const last = entries.at(-1);
  const cursorAfter = rows.length > limit && last !== undefined ? `${last.us}/${last.auditId}` : null;
  return {
    entries: entries.map(({ us: _us, ...entry }) => entry),
    cursor: cursorAfter === null ? null : Buffer.from(cursorAfter).toString('base64url'),
  };
}

/** Microseconds, which a `Date` would lose, until the year 2286. */
const CURSOR = /^(\d{1,13})(\d{3})\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

function beforeCursor(cursor: string) {
  const [, ms, us, auditId] = CURSOR.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  if (ms !== undefined && auditId !== undefined) {
    const at = new Date(Number(ms)).toISOString().replace('Z', `${us}Z`);
    return sql`(at, audit_id) < (${at}::timestamptz, ${auditId}::uuid)`;
  }
  const detail = 'is not a cursor of an earlier answer; omit it to start at the first page';
  throw new LarderError('REQUEST_INVALID', `The cursor ${detail}.`, {
    errors: [{ pointer: '/cursor', detail }],
  });
}
