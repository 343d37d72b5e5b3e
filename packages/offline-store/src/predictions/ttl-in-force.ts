import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';

/** The TTL that was applied for a view version at an instant, as the manifest writes it; null: it was not applied. */
export async function ttlInForce(
  store: Pick<OfflineStore, 'db'>,
  { project, ref, at }: { readonly project: string; readonly ref: string; readonly at: Date },
): Promise<number | 'forever' | null> {
  const { rows } = await sql<{ ttl: number | 'forever' | null }>`
    select manifest -> 'feature_views' -> ${ref}::text -> 'ttl_ms' as ttl from larder.manifests
    where project = ${project} and applied_at <= ${at} order by id desc limit 1`.execute(store.db);
  return rows[0]?.ttl ?? null;
}
