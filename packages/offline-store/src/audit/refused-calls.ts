import { startLoop, type Logger } from '@larder/core';
import type { OfflineStore } from '../offline-store.ts';
import { recordAudit, type AuditEntry } from './record-audit.ts';

export interface RefusedCall {
  /** As in the OpenAPI document: `POST /v1/apply`. What callers choose themselves would be without bound. */
  readonly route: string;
  readonly code: string;
  readonly actor: string;
  readonly keyId: string | null;
  readonly address: string | null;
}

export interface RefusedCalls {
  /** Never waits. */
  count(call: RefusedCall): void;
  /** Writes what was counted. */
  close(): Promise<void>;
}

export interface RefusedCallsOptions {
  readonly store: Pick<OfflineStore, 'transaction'>;
  readonly project: string;
  readonly logger: Logger;
  /** @default 60,000 */
  readonly intervalMs?: number;
}

/** Entries of a process per interval; callers beyond them share one for each code. */
const MAX_ENTRIES = 16;

interface Counted extends RefusedCall {
  calls: number;
}

/**
 * Counts refused calls in memory and writes them to the audit once an interval, one entry per caller, route and reason:
 * neither the memory nor the table grows with a flood. What was counted since the last turn is lost with the process.
 */
export function countRefusedCalls({
  store,
  project,
  logger,
  intervalMs = 60_000,
}: RefusedCallsOptions): RefusedCalls {
  const counted = new Map<string, Counted>();

  function count(call: RefusedCall): void {
    const key = `${call.code} ${call.route} ${call.keyId ?? call.address ?? ''}`;
    const known = counted.get(key);
    if (known !== undefined) known.calls += 1;
    else if (counted.size < MAX_ENTRIES) counted.set(key, { ...call, calls: 1 });
    else countAmongOthers(call.code);
  }

  function countAmongOthers(code: string): void {
    const others = counted.get(code);
    if (others !== undefined) others.calls += 1;
    else
      counted.set(code, {
        route: 'other routes',
        code,
        actor: 'other callers',
        keyId: null,
        address: null,
        calls: 1,
      });
  }

  async function write(): Promise<void> {
    if (counted.size === 0) return;
    const entries = [...counted].map(([key, call]) => ({ key, call, calls: call.calls }));
    await store.transaction(async (tx) => {
      for (const { call, calls } of entries) await recordAudit(tx, entryOf(project, call, calls));
    });
    for (const { key, call, calls } of entries)
      if (call.calls === calls) counted.delete(key);
      else call.calls -= calls;
  }

  const loop = startLoop({
    name: 'Recording refused calls in the audit',
    intervalMs,
    logger,
    async turn() {
      await write();
      return false;
    },
  });
  return {
    count,
    async close() {
      await loop.stop();
      await write().catch((error: unknown) =>
        logger.warn({ err: error, calls: counted.size }, 'Refused calls were not recorded in the audit'),
      );
    },
  };
}

function entryOf(project: string, call: RefusedCall, calls: number): AuditEntry {
  const { route, code, actor, keyId, address } = call;
  return {
    project,
    action: 'call.refused',
    subject: route,
    actor: { actor, keyId, address },
    refused: code,
    calls,
  };
}
