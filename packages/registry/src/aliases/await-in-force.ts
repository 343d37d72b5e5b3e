import { setTimeout as delay } from 'node:timers/promises';
import { isDatabaseError, listProcesses, type LivingProcess, type OfflineStore } from '@larder/offline-store';
import type { AliasId } from './alias-record.ts';

export interface AwaitInForceOptions extends AliasId {
  readonly moveId: number;
  readonly timeoutMs: number;
  /** Ends the waiting early. */
  readonly signal?: AbortSignal | undefined;
  /** Called when a process has changed. */
  readonly onProgress?: ((standing: FleetStanding) => void) | undefined;
}

/** Where a move is in force. Both empty: no inference process runs, and the next one starts with it. */
export interface FleetStanding {
  readonly inForce: readonly LivingProcess[];
  readonly waiting: readonly WaitingProcess[];
}

export interface WaitingProcess {
  readonly process: LivingProcess;
  /** A sentence: what it does instead, and why where it is known. */
  readonly reason: string;
  /** True: it has tried, and will not without something changing. */
  readonly failed: boolean;
}

const POLL_INTERVAL_MS = 100;
/** Longer than a heartbeat interval: it may have died. */
const SILENT_AFTER_MS = 8_000;

/**
 * Waits until every living inference process answers with the move, or a later one, warm. Ends early when each of the
 * others has reported why it cannot; a process that died leaves the list after 20 seconds.
 */
export async function awaitInForce(
  store: OfflineStore,
  options: AwaitInForceOptions,
): Promise<FleetStanding> {
  const { project, timeoutMs, signal, onProgress } = options;
  const endsAtMs = performance.now() + timeoutMs;
  let shown = '';
  for (;;) {
    const last = performance.now() >= endsAtMs || signal?.aborted === true;
    const standing = await readStanding(store, project, options).catch((error: unknown) => {
      // The move is recorded: a short interruption does not end the waiting for it.
      if (last || !isDatabaseError(error)) throw error;
      return null;
    });
    if (standing !== null) {
      if (last || standing.waiting.every(({ failed }) => failed)) return standing;
      const now = JSON.stringify([standing.inForce.length, standing.waiting.map(({ reason }) => reason)]);
      if (now !== shown) onProgress?.(standing);
      shown = now;
    }
    await delay(POLL_INTERVAL_MS, undefined, { signal }).catch(() => {});
  }
}

async function readStanding(
  store: OfflineStore,
  project: string,
  options: Pick<AwaitInForceOptions, 'model' | 'alias' | 'moveId'>,
): Promise<FleetStanding> {
  const processes = (await listProcesses(store, project)).filter(({ role }) => role === 'inference');
  const inForce: LivingProcess[] = [];
  const waiting: WaitingProcess[] = [];
  for (const process of processes) {
    const standing = standingOf(process, options);
    if (standing === 'in force') inForce.push(process);
    else waiting.push({ process, ...standing });
  }
  return { inForce, waiting };
}

type Standing = 'in force' | Omit<WaitingProcess, 'process'>;

function standingOf(
  process: LivingProcess,
  { model, alias, moveId }: Pick<AwaitInForceOptions, 'model' | 'alias' | 'moveId'>,
): Standing {
  const entries = process.models.filter((each) => each.model === model);
  if (entries.some(({ aliases }) => aliases === undefined))
    return {
      failed: true,
      reason: `runs Larder ${process.larderVersion}, which knows no aliases and answers with the newest applied version; replace it with this release`,
    };
  for (const { version, aliases = [] } of entries) {
    const own = aliases.find((each) => each.alias === alias);
    if (own === undefined) continue;
    const keeps = version === null ? 'answers with none' : `keeps version ${version}`;
    if (own.problem !== null && isAtLeast(own.problem.move_id, moveId))
      return {
        failed: true,
        reason: `cannot serve version ${own.problem.version} and ${keeps}: ${own.problem.reason}`,
      };
    if (version !== null && isAtLeast(own.move_id, moveId)) return 'in force';
    return {
      failed: false,
      reason: `${keeps} until it has loaded and warmed the new one${silence(process)}`,
    };
  }
  return { failed: false, reason: `has not loaded it yet${silence(process)}` };
}

function isAtLeast(known: number | null, moveId: number): boolean {
  return known !== null && known >= moveId;
}

function silence({ silentMs }: LivingProcess): string {
  if (silentMs < SILENT_AFTER_MS) return '';
  return ` (silent for ${Math.round(silentMs / 1_000)} s: it may have died)`;
}
