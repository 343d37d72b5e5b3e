import { sql } from 'kysely';
import type { RunStore } from './run-store.ts';

/**
 * Ends the transaction when its process says nothing, or a statement lasts, for so long: a frozen process would keep
 * its row locks for ever, and watchdogs skip what is locked.
 */
export async function limitSilence(tx: RunStore, silenceMs: number): Promise<void> {
  const timeout = String(Math.max(1, Math.round(silenceMs)));
  await sql`select set_config('idle_in_transaction_session_timeout', ${timeout}, true), set_config('statement_timeout', ${timeout}, true)`.execute(
    tx.db,
  );
}
