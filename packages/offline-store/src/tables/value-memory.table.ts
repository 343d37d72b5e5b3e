import type { Generated } from 'kysely';

/** What an address last answered. */
export interface RememberedContentsTable {
  project: string;
  /** With the project's secret. */
  address_hash: Buffer;
  content_sha256: Buffer;
  /** Validators of the answer, as HTTP wrote them. */
  etag: string | null;
  last_modified: string | null;
  /** Of the run that last asked the address. */
  revision: number;
  checked_at: Generated<Date>;
}

/** What a computation made of a content. */
export interface RememberedValuesTable {
  project: string;
  content_sha256: Buffer;
  computation: Buffer;
  /** In the format of Node's `v8.serialize`. */
  values: Buffer;
  size_bytes: number;
  /** Of the run that computed them. */
  revision: number;
  used_at: Generated<Date>;
}

/** Rows of which entities used a content; for erasures. */
export interface RememberedUsesTable {
  project: string;
  /** `keyHasher` of the entity's key. */
  key_hash: Buffer;
  content_sha256: Buffer;
}
