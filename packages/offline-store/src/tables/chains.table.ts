/** A view version that is computed from other views. */
export interface ChainsTable {
  project: string;
  view: string;
  version: number;
  /** Of the applied definition: only processes that know it follow the feed for it. */
  fingerprint: string;
  /** Changes up to here are in chunks; null: none are. */
  cursor: string | null;
}

/** Rows of the parent run became chunks of the run. */
export interface RunLinksTable {
  parent_run_id: string;
  run_id: string;
}
