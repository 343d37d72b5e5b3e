import { LarderError, isLarderError, type Clock } from '@larder/core';
import type { OnlineStore, ReadPlan, RowOrNull } from '@larder/online-store';
import { deadlineExceeded, withDeadline } from '../deadline.ts';
import type { Inputs } from '../inputs/inputs.ts';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import { judgeRows, noRows, type Readings, type StatusCounts } from './judge-rows.ts';

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
  { counts, deadlineAtMs }: { readonly counts: StatusCounts; readonly deadlineAtMs: number },
): Promise<Readings> {
  if (plan.groups.length === 0) return judgeRows(plan, [], { nowMs: clock.nowMs(), counts });
  const mayAnswerWithout = true;
  const rows = await readRows({ plan, onlineStore, mayAnswerWithout }, plan.readPlan, {
    inputs,
    deadlineAtMs,
  });
  if (rows === null) return noRows(plan, inputs, { nowMs: clock.nowMs(), counts });
  return judgeRows(plan, rows, { nowMs: clock.nowMs(), counts });
}

export interface ReadRowsDeps extends Pick<ReadFeaturesDeps, 'plan' | 'onlineStore'> {
  /** False: there are no defaults for what is read. */
  readonly mayAnswerWithout: boolean;
}

/** Null: the store did not answer, and the model is declared to answer without it. @throws as `readFeatures` */
export async function readRows(
  { plan, onlineStore, mayAnswerWithout }: ReadRowsDeps,
  readPlan: ReadPlan,
  { inputs, deadlineAtMs }: { readonly inputs: Inputs; readonly deadlineAtMs: number },
): Promise<RowOrNull[][] | null> {
  try {
    const reading = onlineStore.read(readPlan, inputs.keysByGroup);
    const leftMs = deadlineAtMs - performance.now();
    // A store that hangs counts as unavailable: the remaining time is for the answer from defaults.
    return await withDeadline(reading, { leftMs: leftMs * STORE_SHARE, late: () => storeIsLate(leftMs) });
  } catch (error) {
    if (!isLarderError(error) || error.code !== 'ONLINE_STORE_UNAVAILABLE') throw error;
    if (mayAnswerWithout && plan.model.when_store_unavailable === 'defaults') return null;
    throw new LarderError(
      'ONLINE_STORE_UNAVAILABLE',
      `${error.message} ${plan.model.name} is declared to fail instead of answering from defaults.`,
      { cause: error, retryAfterSeconds: error.retryAfterSeconds ?? 1 },
    );
  }
}

function storeIsLate(leftMs: number): LarderError {
  if (leftMs <= 0) return deadlineExceeded('The online store');
  return new LarderError(
    'ONLINE_STORE_UNAVAILABLE',
    `The online store (Redis) did not answer in time (${Math.round(leftMs * STORE_SHARE)} ms, a share of options.deadline_ms).`,
  );
}
