import type { ColumnType, Generated } from 'kysely';

/** A push that came with an Idempotency-Key, and what its caller was told. */
export interface PushesTable {
  project: string;
  idempotency_key: string;
  /** Of the request's meaning: tells a repetition from another request under the same key. */
  request_sha256: string;
  /** The run that its rows share with other pushes; the key goes with it. */
  run_id: string;
  answer: ColumnType<unknown, string, never>;
  created_at: Generated<Date>;
}
