import { sql } from 'kysely';
import type { RunStore } from './run-store.ts';

export interface Violation {
  /** The violated invariant. */
  readonly invariant: string;
  readonly runId: string;
  /** Null: the violation is of the run. */
  readonly chunkId: number | null;
}

/**
 * Finds where runs and chunks of a project contradict each other or history, in one snapshot; empty when there are no
 * violations. The invariants are SQL, in the migration `0009-run-violations.ts`. It reads every chunk, and history
 * once: for tests, and for inspecting a suspicious database.
 */
export async function findRunViolations(store: RunStore, project: string): Promise<Violation[]> {
  const { rows } = await sql<Violation>`
    select invariant, run_id as "runId", chunk_id as "chunkId" from larder.run_violations(${project})`.execute(
    store.db,
  );
  return rows;
}
