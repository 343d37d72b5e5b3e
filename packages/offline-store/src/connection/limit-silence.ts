import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';
import { allowSilence } from './silence-guard.ts';

/** COPY may last longer, but its bytes keep flowing: when they stop, at most the sockets' buffers remain to be sent. */
const MAX_CLIENT_SILENCE_MS = 30_000;

/**
 * Ends the transaction when its process is silent for `silenceMs`, or one statement lasts for `statementMs`: a frozen
 * process would keep its row locks forever, and watchdogs skip locked rows.
 */
export async function limitSilence(
  tx: Pick<StoreTransaction, 'db' | 'client'>,
  silenceMs: number,
  statementMs: number = silenceMs,
): Promise<void> {
  allowSilence(tx.client, Math.min(statementMs, MAX_CLIENT_SILENCE_MS));
  await sql`select set_config('idle_in_transaction_session_timeout', ${milliseconds(silenceMs)}, true),
    set_config('statement_timeout', ${milliseconds(statementMs)}, true)`.execute(tx.db);
}

/** 0 would mean no limit. */
function milliseconds(ms: number): string {
  return String(Math.max(1, Math.round(ms)));
}
