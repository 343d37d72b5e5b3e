import { LarderError, isLarderError, type Clock } from '@larder/core';
import type { OnlineStore, ReadPlan, RowOrNull } from '@larder/online-store';
import { deadlineExceeded, withDeadline } from '../deadline.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import { judgeRows, noRows, type Readings } from './judge-rows.ts';
import type { ReadingCounts } from './reading-counts.ts';

export interface ReadFeaturesDeps {
  readonly plan: CompiledPlan;
  readonly onlineStore: Pick<OnlineStore, 'read'>;
  readonly clock: Clock;
}

/** Share of the request's remaining time that the online store may take. */
const STORE_SHARE = 0.75;

/**
 * Reads everything that a request needs from the online store, once.
 * @throws ONLINE_STORE_UNAVAILABLE when the model is declared to fail without it, DEADLINE_EXCEEDED
 */
export async function readFeatures(
  { plan, onlineStore, clock }: ReadFeaturesDeps,
  inputs: Inputs,
  { counts, deadlineAtMs }: { readonly counts: ReadingCounts; readonly deadlineAtMs: number },
): Promise<Readings> {
  if (plan.groups.length === 0) return judgeRows(plan, [], { nowMs: clock.nowMs(), counts });
  let rows: RowOrNull[][];
  try {
    rows = await readInTime(onlineStore, plan.readPlan, { inputs, deadlineAtMs });
  } catch (error) {
    throwUnlessAway(error, refusalWithout(plan));
    return noRows(plan, inputs, { nowMs: clock.nowMs(), counts });
  }
  return judgeRows(plan, rows, { nowMs: clock.nowMs(), counts });
}

/** A store that hangs counts as unavailable: the remaining time is for the answer from defaults. */
export function readInTime(
  onlineStore: ReadFeaturesDeps['onlineStore'],
  readPlan: ReadPlan,
  { inputs, deadlineAtMs }: { readonly inputs: Inputs; readonly deadlineAtMs: number },
): Promise<RowOrNull[][]> {
  const reading = onlineStore.read(readPlan, inputs.keysByGroup);
  const leftMs = deadlineAtMs - performance.now();
  return withDeadline(reading, { leftMs: leftMs * STORE_SHARE, late: () => storeIsLate(leftMs) });
}

/** @throws every error but that the store is away; that too, if there is a refusal to answer without it */
export function throwUnlessAway(error: unknown, refusal: string | null): void {
  if (!isLarderError(error) || error.code !== 'ONLINE_STORE_UNAVAILABLE') throw error;
  if (refusal === null) return;
  throw new LarderError('ONLINE_STORE_UNAVAILABLE', `${error.message} ${refusal}`, {
    cause: error,
    retryAfterSeconds: error.retryAfterSeconds ?? 1,
  });
}

/** Null: the model answers from defaults. */
export function refusalWithout({ model }: CompiledPlan): string | null {
  if (model.when_store_unavailable === 'defaults') return null;
  return `${model.name} is declared to fail instead of answering from defaults.`;
}

function storeIsLate(leftMs: number): LarderError {
  if (leftMs <= 0) return deadlineExceeded('The online store');
  return new LarderError(
    'ONLINE_STORE_UNAVAILABLE',
    `The online store (Redis) did not answer in time (${Math.round(leftMs * STORE_SHARE)} ms, a share of options.deadline_ms).`,
  );
}
