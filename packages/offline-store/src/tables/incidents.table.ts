import type { Generated } from 'kysely';

/** Something that needs a person; at most one of a kind is open for a subject. */
export interface IncidentsTable {
  incident_id: Generated<string>;
  project: string;
  kind: string;
  /** A view version, a model or a process role. */
  subject: string;
  /** When the condition began. */
  since: Date;
  detail: string;
  /** The next command. */
  next: string | null;
  opened_at: Generated<Date>;
  /** Null: it is open. */
  resolved_at: Date | null;
}

/** What the webhook is told about an incident; never changed once it was sent, so that a repetition is equal. */
export interface NoticesTable {
  notice_id: Generated<string>;
  incident_id: string;
  event: 'opened' | 'resolved';
  created_at: Generated<Date>;
  attempts: Generated<number>;
  /** Also the lease of an attempt that is in progress. */
  next_attempt_at: Date;
  /** Of the last attempt. */
  error: string | null;
  sent_at: Date | null;
  given_up_at: Date | null;
}
