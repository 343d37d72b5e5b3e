import { sql } from 'kysely';
import type { RunStore } from '../run-store.ts';

/** Whether a run over everything has no chunk left that is not done. */
export async function isWholeRunLanded(store: RunStore, runId: string): Promise<boolean> {
  const { rows } = await sql<{ whole: boolean }>`
    select not (scope ? 'entities') and row_limit is null and not exists (
      select from larder.chunks c where c.run_id = r.run_id and c.state <> 'done') as whole
    from larder.runs r where run_id = ${runId}`.execute(store.db);
  return rows[0]?.whole === true;
}
