import type { ColumnType, Generated } from 'kysely';

export type AuditOutcome = 'done' | 'refused';

/** Append-only: the login of services and workers may insert and read, and nothing else. */
export interface AuditTable {
  audit_id: string;
  /** Set by PostgreSQL when the entry is written; the runtime may not choose it. */
  at: ColumnType<Date, never, never>;
  project: string;
  /** `ada@laptop`, `worker`, `http from 10.1.2.3`, or the name of an API key. */
  actor: string;
  /** The API key, if there was one. */
  key_id: string | null;
  action: string;
  /** What was changed or read: `model ad_ctr@champion`, `run 42`. Never an entity key: those are hashed. */
  subject: string;
  request_id: string | null;
  address: string | null;
  /** State before and after: a version, a status, a digest. */
  before: string | null;
  after: string | null;
  outcome: AuditOutcome;
  /** Error code of a refused call. */
  code: string | null;
  /** Refused calls that this entry stands for. */
  calls: Generated<number>;
}
