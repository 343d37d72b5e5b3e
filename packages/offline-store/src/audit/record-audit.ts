import { currentActor, newId, type Actor } from '@larder/core';
import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';
import { storableText } from '../storable-text.ts';
import type { AuditAction } from './audit-actions.ts';

export interface AuditEntry {
  readonly project: string;
  readonly action: AuditAction;
  /** What was changed or read, as the action spells it; an entity key never, see `entitySubject`. */
  readonly subject: string;
  /** State before and after: a version, a status, a digest. */
  readonly before?: string | null | undefined;
  readonly after?: string | null | undefined;
  /** @default the one of `actingAs` */
  readonly actor?: Actor;
  /** Why the call was refused: an error code. */
  readonly refused?: string;
  /** Calls that this entry stands for. @default 1 */
  readonly calls?: number;
}

/** Longer texts are cut: an entry is a line to read, and callers choose some of its parts. */
const MAX_TEXT = 200;

/** Records a change in its own transaction: it is in the audit exactly if it happened. */
export async function recordAudit({ db }: Pick<StoreTransaction, 'db'>, entry: AuditEntry): Promise<void> {
  const { actor, keyId, requestId, address } = entry.actor ?? currentActor();
  await sql`select larder.add_audit_months()`.execute(db);
  await db
    .insertInto('larder.audit')
    .values({
      audit_id: newId(),
      project: entry.project,
      actor: text(actor) ?? '',
      key_id: text(keyId),
      action: entry.action,
      subject: text(entry.subject) ?? '',
      request_id: text(requestId),
      address: text(address),
      before: text(entry.before),
      after: text(entry.after),
      outcome: entry.refused === undefined ? 'done' : 'refused',
      code: entry.refused ?? null,
      calls: entry.calls ?? 1,
    })
    .execute();
}

function text(value: string | null | undefined): string | null {
  return value === null || value === undefined ? null : storableText(value).slice(0, MAX_TEXT);
}
