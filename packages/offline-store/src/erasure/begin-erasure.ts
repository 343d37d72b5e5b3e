import { newId } from '@larder/core';
import { entityKey, type EntityManifest, type FieldValue } from '@larder/features';
import { recordAudit } from '../audit/record-audit.ts';
import { subjectOf } from '../audit/entity-subject.ts';
import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { Erasure } from './erasure.ts';
import { projectKeyHasher } from './key-hash.ts';
import { ERASURE_LEASE, inTime } from './lease.ts';

export interface BeginErasure {
  readonly project: string;
  readonly entity: EntityManifest;
  readonly keys: Readonly<Record<string, FieldValue>>;
  /** Cluster slot of the entity, where the online store keeps its tombstone. */
  readonly slot: number;
  readonly actor: string;
  readonly reason: string | null;
  /** Keeps a receipt outside of PostgreSQL, before anything is committed; what it throws refuses the erasure. */
  readonly keepReceipt?: (receipt: ReceiptToKeep) => Promise<void>;
}

export interface ReceiptToKeep {
  readonly entity: string;
  readonly keyHash: Buffer;
  /** When it was asked for, by PostgreSQL's clock; while an erasure of the key runs, it is the time of that one. */
  readonly askedAt: Date;
}

/**
 * Commits the tombstone and a receipt. From then on nothing that begins to write writes the key. While an erasure of the
 * key runs, it is continued under its receipt; after one, another looks everywhere again.
 */
export async function beginErasure(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  { project, entity, keys, slot, actor, reason, keepReceipt }: BeginErasure,
): Promise<Erasure> {
  const key = entityKey(entity, keys);
  const hashOf = await projectKeyHasher(store, project);
  const keyHash = hashOf(entity.name, key);
  // Not in the transaction: other erasures of the project would wait for it.
  await keepReceipt?.({
    entity: entity.name,
    keyHash,
    askedAt: await askedAt(store, { project, entity, keyHash }),
  });
  return store.transaction(async ({ db }) => {
    const { receipt_id: receiptId } = await db
      .insertInto('larder.erasures')
      .values({
        receipt_id: newId(),
        project,
        entity: entity.name,
        entity_key: key,
        key_hash: keyHash,
        actor,
        reason,
        lease_expires_at: inTime(ERASURE_LEASE),
      })
      .onConflict((conflict) =>
        conflict
          .columns(['project', 'entity', 'key_hash'])
          .where('status', '=', 'running')
          .doUpdateSet({ lease_expires_at: inTime(ERASURE_LEASE) }),
      )
      .returning('receipt_id')
      .executeTakeFirstOrThrow();
    await db
      .insertInto('larder.tombstones')
      .values({ project, entity: entity.name, key_hash: keyHash, receipt_id: receiptId, slot })
      .onConflict((conflict) => conflict.columns(['project', 'entity', 'key_hash']).doUpdateSet({ slot }))
      .execute();
    await recordAudit(
      { db },
      {
        project,
        action: 'entity.forget',
        subject: subjectOf(entity.name, keyHash),
        after: `receipt ${receiptId}`,
      },
    );
    return { receiptId, project, entity, entityKey: key, keys, keyHash };
  });
}

async function askedAt(
  { db }: Pick<OfflineStore, 'db'>,
  { project, entity, keyHash }: Pick<Erasure, 'project' | 'entity' | 'keyHash'>,
): Promise<Date> {
  const { rows } = await sql<{ askedAt: Date }>`
    select coalesce(
      (select requested_at from larder.erasures
        where project = ${project} and entity = ${entity.name} and key_hash = ${keyHash} and status = 'running'),
      now()) as "askedAt"`.execute(db);
  return (rows[0] as { readonly askedAt: Date }).askedAt;
}
