import { newId } from '@larder/core';
import { entityKey, type EntityManifest, type FieldValue } from '@larder/features';
import { recordAudit } from '../audit/record-audit.ts';
import { subjectOf } from '../audit/entity-subject.ts';
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
}

/**
 * Commits the tombstone and a receipt. From then on nothing that begins to write writes the key. While an erasure of the
 * key runs, it is continued under its receipt; after one, another looks everywhere again.
 */
export async function beginErasure(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  { project, entity, keys, slot, actor, reason }: BeginErasure,
): Promise<Erasure> {
  const key = entityKey(entity, keys);
  const hashOf = await projectKeyHasher(store, project);
  const keyHash = hashOf(entity.name, key);
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
