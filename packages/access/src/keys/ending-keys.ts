import type { OfflineStore } from '@larder/offline-store';

/** A key that was not revoked, and soon expires or lately did. */
export interface EndingKey {
  readonly keyId: string;
  readonly name: string;
  readonly expiresAt: Date;
  /** Null: never. */
  readonly lastUsedAt: Date | null;
}

/** Keys of the project that expire after `from` and before `to`, the first to expire first. */
export function endingKeys(
  { db }: Pick<OfflineStore, 'db'>,
  project: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<EndingKey[]> {
  return db
    .selectFrom('larder.api_keys')
    .select(['key_id as keyId', 'name', 'last_used_at as lastUsedAt'])
    .select((eb) => eb.ref('expires_at').$notNull().as('expiresAt'))
    .where('project', '=', project)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', from)
    .where('expires_at', '<', to)
    .orderBy('expires_at')
    .orderBy('key_id')
    .execute();
}
