import { shortestFloat32 } from '@larder/core';
import { encodeJsonValue, type FieldValue, type JsonValue } from '@larder/features';
import { rowEventTimestampMs, type RowOrNull } from '@larder/online-store';
import { isDeepStrictEqual } from 'node:util';
import type { CompiledPlan } from '../plan/compiled-plan.ts';
import type { PrecomputedPlan, PrecomputedView } from './precomputed-plan.ts';

/** A row of precomputed predictions that answers. */
export interface FoundPrediction {
  readonly view: PrecomputedView;
  readonly outputs: Readonly<Record<string, JsonValue>>;
  readonly row: Buffer;
  readonly computedAtMs: number;
}

export interface JudgedPrediction {
  readonly plan: CompiledPlan;
  readonly precomputed: PrecomputedPlan;
  /** By the place of the view. */
  readonly rows: readonly RowOrNull[];
  /** Values of the request fields. */
  readonly request: readonly FieldValue[];
  readonly nowMs: number;
}

/**
 * The prediction of the newest version of the view that can be used, or why that of the newest version cannot:
 * `ad_scores@1:OUTSIDE_MAX_AGE`.
 */
export function judgePrediction(judged: JudgedPrediction): FoundPrediction | string {
  let reason: string | null = null;
  for (const [at, view] of judged.precomputed.views.entries()) {
    const found = judge(view, judged.rows[at] ?? null, judged);
    if (typeof found !== 'string') return found;
    reason ??= `${view.ref}:${found}`;
  }
  return reason ?? 'NOT_DEFINED';
}

function judge(
  view: PrecomputedView,
  row: RowOrNull,
  { plan, request, nowMs }: JudgedPrediction,
): FoundPrediction | string {
  if (!view.constants.every((constant, i) => constant === undefined || isSame(constant, request[i])))
    return 'OTHER_REQUEST';
  const status = view.statusOf(row, nowMs);
  if (status !== 'PRESENT' || row === null) return status === 'PRESENT' ? 'NOT_FOUND' : status;
  const decoded = view.codec.decode(row);
  if (decoded === null) return 'UNREADABLE';
  if (decoded.values['model_version'] !== plan.version) return 'OTHER_MODEL_VERSION';
  const outputs: Record<string, JsonValue> = {};
  for (const field of view.outputs) {
    const value = decoded.values[field.name] ?? null;
    // What the artifact gives is float32, also where it is declared as float64.
    outputs[field.name] =
      plan.postprocess === null && typeof value === 'number'
        ? shortestFloat32(value)
        : encodeJsonValue(field, value);
  }
  return { view, outputs, row, computedAtMs: rowEventTimestampMs(row) };
}

function isSame(one: FieldValue, other: FieldValue | undefined): boolean {
  return Object.is(one, other) || (typeof one === 'object' && isDeepStrictEqual(one, other));
}
