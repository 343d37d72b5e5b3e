import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import type { RingKey } from './known-key.ts';

/** Writes when keys were last used, in one statement; several processes keep the latest. */
export async function recordUse(store: Pick<OfflineStore, 'db'>, keys: Iterable<RingKey>): Promise<void> {
  const used = [...keys].filter((key) => key.usedAtMs > key.recordedAtMs);
  if (used.length === 0) return;
  const times = used.map((key) => key.usedAtMs);
  await sql`
    update larder.api_keys k set last_used_at = greatest(k.last_used_at, used.at)
    from unnest(${used.map((key) => key.keyId)}::text[], ${times.map((ms) => new Date(ms))}::timestamptz[])
      as used (key_id, at)
    where k.key_id = used.key_id`.execute(store.db);
  used.forEach((key, at) => (key.recordedAtMs = times[at] ?? 0));
}
