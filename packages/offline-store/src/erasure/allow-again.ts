import { LarderError } from '@larder/core';
import { entityKey, type EntityManifest, type FieldValue } from '@larder/features';
import { sql } from 'kysely';
import { subjectOf } from '../audit/entity-subject.ts';
import { recordAudit } from '../audit/record-audit.ts';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import { projectKeyHasher } from './key-hash.ts';

export interface AllowAgain {
  readonly project: string;
  readonly entity: EntityManifest;
  readonly keys: Readonly<Record<string, FieldValue>>;
  /** Names of the views that ever were of the entity. */
  readonly views: readonly string[];
  readonly actor: string;
  readonly reason: string | null;
}

export interface AllowedAgain {
  /** The newest of the key. */
  readonly receiptId: string;
  readonly keyHash: Buffer;
  /** Erasures that were asked for until then no longer hold. */
  readonly untilMs: number;
}

/** Buffers of processes, and processes that were frozen, may hold rows of the key until then. */
const SETTLED = sql.lit('1 hour');

/**
 * Deletes the tombstone of a key, unless something that was read before the erasure could still be written. The receipts
 * keep who allowed it. Repeatable: the online store follows.
 * @throws ERASURE_NOT_FOUND, ERASURE_UNFINISHED
 */
export async function allowAgain(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  { project, entity, keys, views, actor, reason }: AllowAgain,
): Promise<AllowedAgain> {
  const hashOf = await projectKeyHasher(store, project);
  const keyHash = hashOf(entity.name, entityKey(entity, keys));
  return store.transaction(async (tx) => {
    const ofKey = sql`project = ${project} and entity = ${entity.name} and key_hash = ${keyHash}`;
    const { rows } = await sql<{ receiptId: string; completedAt: Date | null }>`
      select receipt_id as "receiptId", completed_at as "completedAt" from larder.erasures where ${ofKey}
      order by requested_at desc for update`.execute(tx.db);
    const [newest] = rows;
    if (newest === undefined)
      throw new LarderError('ERASURE_NOT_FOUND', `No ${entity.name} with this key was erased.`);
    const waitsFor = await reasonToWait(tx, { project, entity: entity.name, keyHash, views });
    if (waitsFor !== null)
      throw new LarderError('ERASURE_UNFINISHED', `The key cannot be allowed again yet: ${waitsFor}.`);
    await sql`delete from larder.tombstones where ${ofKey}`.execute(tx.db);
    await sql`
      update larder.erasures set allowed_at = now(), allowed_by = ${actor}, allowed_reason = ${reason}
      where ${ofKey} and allowed_at is null`.execute(tx.db);
    await recordAudit(tx, {
      project,
      action: 'entity.allow-again',
      subject: subjectOf(entity.name, keyHash),
      before: `receipt ${newest.receiptId}`,
    });
    const untilMs = Math.max(...rows.map(({ completedAt }) => completedAt?.getTime() ?? 0));
    return { receiptId: newest.receiptId, keyHash, untilMs };
  });
}

interface ErasedKey {
  readonly project: string;
  readonly entity: string;
  readonly keyHash: Buffer;
  readonly views: readonly string[];
}

/** What could bring back something that was erased. */
async function reasonToWait(
  { db }: StoreTransaction,
  { project, entity, keyHash, views }: ErasedKey,
): Promise<string | null> {
  const { rows } = await sql<{
    running: string | null;
    settledAt: Date | null;
    runId: string | null;
    archive: string | null;
  }>`
    with receipts as (
      select * from larder.erasures
      where project = ${project} and entity = ${entity} and key_hash = ${keyHash} and allowed_at is null
    )
    select
      (select receipt_id from receipts where status = 'running') as running,
      (select max(completed_at) + interval ${SETTLED} from receipts
        having max(completed_at) > now() - interval ${SETTLED}) as "settledAt",
      (select run_id from larder.runs r
        where r.project = ${project} and r.view = any(${views}::text[]) and r.finished_at is null
          and r.created_at < (select max(completed_at) from receipts)
        limit 1) as "runId",
      (select a.host || ':' || a.folder
        from larder.tombstones t
        join receipts e on true
        cross join jsonb_to_recordset(e.still_held) as held (kind text, host text, folder text)
        join larder.archives a on a.project = t.project and a.host = held.host and a.folder = held.folder
        join larder.archive_views v using (archive_id)
        where t.project = ${project} and t.entity = ${entity} and t.key_hash = ${keyHash}
          and held.kind = 'archive' and v.entity = t.entity
          and coalesce(v.erased_until, '-infinity') < t.erased_at
          and exists (select from larder.archive_files f
            where f.archive_id = v.archive_id and f.view = v.view and f.version = v.version and not f.removed)
        limit 1) as archive`.execute(db);
  const { running, settledAt, runId, archive } = rows[0] ?? {};
  if (running) return `the erasure ${running} is not complete`;
  if (archive) return `the archive ${archive} still holds the key; run larder archive there`;
  if (runId)
    return `run ${runId} began before the erasure ended; wait for its end, or cancel it: larder runs ${runId} cancel`;
  if (settledAt)
    return `processes may hold rows from before the erasure; repeat this after ${settledAt.toISOString()}`;
  return null;
}
