import { IS_LIVING, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { grantedScopes } from '../scopes/grants.ts';
import type { StoredKey } from './known-key.ts';

type Store = Pick<OfflineStore, 'db'>;

export interface RingState {
  /**
   * Another text after every change of a key: rows are never deleted, and revisions grow. A recovery of PostgreSQL takes both
   * back, but a change after it has a later time than the lost ones.
   */
  readonly state: string;
  /** Living inference processes, which share the rates. */
  readonly services: number;
}

/** Cheap enough to repeat twice a second. */
export async function readRingState(store: Store, project: string): Promise<RingState> {
  const { rows } = await sql<RingState>`
    select
      (select concat_ws('.', count(*), sum(revision), extract(epoch from max(greatest(created_at, revoked_at))),
          (select extract(epoch from max(s.created_at)) from larder.api_key_secrets s
            join larder.api_keys k using (key_id) where k.project = ${project}))
        from larder.api_keys where project = ${project}) as state,
      (select count(*)::int from larder.processes p
        where p.project = ${project} and p.role = 'inference' and ${IS_LIVING}) as services`.execute(
    store.db,
  );
  return rows[0] as RingState;
}

interface Row {
  readonly keyId: string;
  readonly name: string;
  readonly role: string | null;
  readonly scopes: readonly string[];
  readonly rateRequests: number | null;
  readonly rateWindowSeconds: number | null;
  readonly expiresAt: Date | null;
  readonly secret: Buffer;
  readonly secretExpiresAt: Date | null;
}

/** Every key of the project that is in force, with the hashes of its secrets. */
export async function readRing(store: Store, project: string): Promise<StoredKey[]> {
  const { rows } = await sql<Row>`
    select k.key_id as "keyId", k.name, k.role, k.scopes, k.rate_requests as "rateRequests",
      k.rate_window_seconds as "rateWindowSeconds", k.expires_at as "expiresAt",
      s.secret_sha256 as secret, s.expires_at as "secretExpiresAt"
    from larder.api_keys k join larder.api_key_secrets s using (key_id)
    where k.project = ${project} and k.revoked_at is null and coalesce(k.expires_at > now(), true)
      and coalesce(s.expires_at > now(), true)`.execute(store.db);
  const keys = new Map<string, StoredKey & { secrets: { hash: Buffer; expiresAtMs: number }[] }>();
  for (const row of rows) {
    const { keyId, name, rateRequests, rateWindowSeconds } = row;
    const key = keys.get(keyId) ?? {
      keyId,
      name,
      granted: grantedScopes(row.role, row.scopes),
      expiresAtMs: msOf(row.expiresAt),
      rate:
        rateRequests === null || rateWindowSeconds === null
          ? null
          : { requests: rateRequests, windowSeconds: rateWindowSeconds },
      secrets: [],
    };
    key.secrets.push({ hash: row.secret, expiresAtMs: msOf(row.secretExpiresAt) });
    keys.set(keyId, key);
  }
  return [...keys.values()];
}

function msOf(instant: Date | null): number {
  return instant?.getTime() ?? Infinity;
}
