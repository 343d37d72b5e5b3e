import type { Generated } from 'kysely';

/** What a row of a view version costs: `slot_seconds` / `rows`, of which older measurements count less. */
export interface ViewCostsTable {
  project: string;
  view: string;
  version: number;
  rows: number;
  /** Time of compute threads. */
  slot_seconds: number;
  measured_at: Generated<Date>;
}
