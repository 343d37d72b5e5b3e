import { recordAudit, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { ApiKey } from './api-key.ts';
import { getKey } from './read-keys.ts';

/** Ends a key for good, in every process within two seconds; its record stays. @throws API_KEY_NOT_FOUND */
export async function revokeKey(
  store: OfflineStore,
  { project, keyId, actor }: { readonly project: string; readonly keyId: string; readonly actor: string },
): Promise<ApiKey> {
  await store.transaction(async (tx) => {
    const { db } = tx;
    const { numUpdatedRows } = await db
      .updateTable('larder.api_keys')
      .set((eb) => ({ revoked_at: sql<Date>`now()`, revoked_by: actor, revision: eb('revision', '+', 1) }))
      .where('project', '=', project)
      .where('key_id', '=', keyId)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) return;
    await db.deleteFrom('larder.api_key_secrets').where('key_id', '=', keyId).execute();
    await recordAudit(tx, { project, action: 'api-key.revoke', subject: `api key ${keyId}` });
  });
  return getKey(store, project, keyId);
}
