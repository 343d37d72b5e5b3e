import type { Generated } from 'kysely';

/** Who may call the service; rows are never deleted, so that the audit can name every key. */
export interface ApiKeysTable {
  key_id: string;
  project: string;
  /** The second part of the key: `live` in `lrd_live_…`. */
  environment: string;
  name: string;
  /** Grants the scopes that the role has in the release that checks the key. */
  role: string | null;
  /** Granted beside those of the role. */
  scopes: readonly string[];
  /** Null: no limit. */
  rate_requests: number | null;
  rate_window_seconds: number | null;
  /** Grows with every change but the last use: services read the keys again when the sum over a project changes. */
  revision: Generated<number>;
  created_at: Generated<Date>;
  created_by: string;
  /** Null: never. */
  expires_at: Date | null;
  /** Written at most once a minute by each process. */
  last_used_at: Date | null;
  revoked_at: Date | null;
  revoked_by: string | null;
}

/** The secrets of a key: one, or two during a rotation. */
export interface ApiKeySecretsTable {
  key_id: string;
  secret_sha256: Buffer;
  created_at: Generated<Date>;
  created_by: string;
  /** End of the overlap of a rotation; null: as long as the key. */
  expires_at: Date | null;
}
