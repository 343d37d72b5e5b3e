import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { keyNotFound, type ApiKey } from './api-key.ts';

type Store = Pick<OfflineStore, 'db'>;

interface Row extends Omit<ApiKey, 'secrets' | 'rate'> {
  readonly rateRequests: number | null;
  readonly rateWindowSeconds: number | null;
  readonly secrets: readonly { readonly createdAt: string; readonly expiresAt: string | null }[];
}

/** Every key of the project, the newest first; those that are revoked or expired only with `all`. */
export function listKeys(store: Store, project: string, { all = false } = {}): Promise<ApiKey[]> {
  return select(store, sql`k.project = ${project}${all ? sql`` : sql` and ${IN_FORCE}`}`);
}

/** @throws API_KEY_NOT_FOUND */
export async function getKey(store: Store, project: string, keyId: string): Promise<ApiKey> {
  const [key] = await select(store, sql`k.project = ${project} and k.key_id = ${keyId}`);
  if (key === undefined) throw keyNotFound();
  return key;
}

const IN_FORCE = sql`k.revoked_at is null and coalesce(k.expires_at > now(), true)`;

async function select(store: Store, condition: ReturnType<typeof sql>): Promise<ApiKey[]> {
  const { rows } = await sql<Row>`
    select key_id as "keyId", environment, name, role, scopes, rate_requests as "rateRequests",
      rate_window_seconds as "rateWindowSeconds", created_at as "createdAt", created_by as "createdBy",
      expires_at as "expiresAt", last_used_at as "lastUsedAt", revoked_at as "revokedAt", revoked_by as "revokedBy",
      case when revoked_at is not null then 'revoked' when ${IN_FORCE} then 'in_force' else 'expired' end as status,
      (select coalesce(json_agg(json_build_object('createdAt', s.created_at, 'expiresAt', s.expires_at)
          order by s.created_at desc), '[]')
        from larder.api_key_secrets s where s.key_id = k.key_id and coalesce(s.expires_at > now(), true)) as secrets
    from larder.api_keys k
    where ${condition}
    order by k.created_at desc, k.key_id`.execute(store.db);
  return rows.map(keyOf);
}

function keyOf({ rateRequests, rateWindowSeconds, secrets, ...key }: Row): ApiKey {
  return {
    ...key,
    rate:
      rateRequests === null || rateWindowSeconds === null
        ? null
        : { requests: rateRequests, windowSeconds: rateWindowSeconds },
    secrets: secrets.map(({ createdAt, expiresAt }) => ({
      createdAt: new Date(createdAt),
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    })),
  };
}
