import { LarderError } from '@larder/core';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { ErasuresTable } from '../tables/erasure.table.ts';
import type { Receipt, StillHeld } from './erasure.ts';
import { ERASURE_LEASE, inTime } from './lease.ts';

const UUID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/** @throws ERASURE_NOT_FOUND */
export async function getReceipt(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  receiptId: string,
): Promise<Receipt> {
  const row = UUID.test(receiptId)
    ? await store.db
        .selectFrom('larder.erasures')
        .selectAll()
        .where('project', '=', project)
        .where('receipt_id', '=', receiptId)
        .executeTakeFirst()
    : undefined;
  if (row === undefined)
    throw new LarderError('ERASURE_NOT_FOUND', 'This project has no receipt with this id.');
  return receiptOf(row);
}

/** The newest first. */
export async function listReceipts(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  limit: number,
): Promise<Receipt[]> {
  const rows = await store.db
    .selectFrom('larder.erasures')
    .selectAll()
    .where('project', '=', project)
    .orderBy('requested_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(receiptOf);
}

export interface InterruptedErasure {
  readonly receiptId: string;
  readonly entity: string;
  readonly entityKey: string;
}

/** Takes over an erasure whose process died or gave up; null: there is none. */
export async function claimErasure(
  store: Pick<OfflineStore, 'db'>,
  project: string,
): Promise<InterruptedErasure | null> {
  const { rows } = await sql<InterruptedErasure>`
    update larder.erasures set lease_expires_at = ${inTime(ERASURE_LEASE)}
    where receipt_id = (
      select receipt_id from larder.erasures
      where project = ${project} and status = 'running' and lease_expires_at < now()
      order by lease_expires_at limit 1 for update skip locked)
    returning receipt_id as "receiptId", entity, entity_key as "entityKey"`.execute(store.db);
  return rows[0] ?? null;
}

function receiptOf(row: Selectable<ErasuresTable>): Receipt {
  return {
    receiptId: row.receipt_id,
    entity: row.entity,
    keyHash: row.key_hash.toString('hex'),
    status: row.status,
    actor: row.actor,
    reason: row.reason,
    removed: row.removed,
    stillHeld: (row.still_held ?? []) as readonly StillHeld[],
    requestedAt: row.requested_at,
    completedAt: row.completed_at,
    allowedAgain:
      row.allowed_at === null || row.allowed_by === null
        ? null
        : { at: row.allowed_at, actor: row.allowed_by, reason: row.allowed_reason },
    error:
      row.error_code === null ? null : { code: row.error_code, reason: row.error_reason ?? row.error_code },
  };
}
