import type { FieldValue, SharedInputs } from '@larder/features';
import type { Batch } from '../batch.ts';
import type { PlanView } from '../plan/compiled-plan.ts';

/**
 * What all good rows of a batch have in common: the entities that every row names alike, such as the user for whom ads are
 * ranked, and equal request fields. Null for one row, and for a model without on-demand features.
 */
export function sharedInputs({ plan, inputs }: Batch): SharedInputs | null {
  if (inputs.goodRows < 2 || plan.onDemand.views.length === 0) return null;
  const isOneKey = inputs.keysByGroup.map((keys) => keys.length === 1);
  return {
    requestFields: plan.onDemand.requestFields.map((_, place) => isSameForAll(inputs.requests, place)),
    storedViews: plan.storedReaders.map(
      ({ view }) => isOneKey[(plan.views[view] as PlanView).group] === true,
    ),
  };
}

/** Rows without request fields of their own share one array. */
function isSameForAll(requests: Batch['inputs']['requests'], place: number): boolean {
  let first: readonly FieldValue[] | null = null;
  for (let r = 0; r < requests.length; r++) {
    const values = requests[r] as readonly FieldValue[] | null;
    if (values === null || values === first) continue;
    first ??= values;
    if (!isSame(values[place] ?? null, first[place] ?? null)) return false;
  }
  return true;
}

function isSame(one: FieldValue, other: FieldValue): boolean {
  if (one instanceof Date && other instanceof Date) return one.getTime() === other.getTime();
  return Object.is(one, other);
}
