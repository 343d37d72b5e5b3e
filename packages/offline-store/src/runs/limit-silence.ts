import { sql } from 'kysely';
import type { RunStore } from './run-store.ts';

/**
 * Ends the transaction when its process says nothing for `silenceMs`, or one statement lasts for `statementMs`: a frozen
 * process would keep its row locks for ever, and watchdogs skip what is locked.
 */
export async function limitSilence(
  tx: RunStore,
  silenceMs: number,
  statementMs: number = silenceMs,
): Promise<void> {
  await sql`select set_config('idle_in_transaction_session_timeout', ${milliseconds(silenceMs)}, true),
    set_config('statement_timeout', ${milliseconds(statementMs)}, true)`.execute(tx.db);
}

/** 0 would mean no limit. */
function milliseconds(ms: number): string {
  return String(Math.max(1, Math.round(ms)));
}
