import { LarderError } from '@larder/core';
import {
  createRowEvaluator,
  decodeJsonValue,
  ownValue,
  type FieldManifest,
  type FieldValue,
  type OnDemandInputs,
  type OnDemandResult,
} from '@larder/features';
import type { LoggedPrediction } from '@larder/offline-store';
import type { ParityPlan } from './parity-plan.ts';
import type { Unchecked } from './parity-report.ts';
import type { Rebuilt } from './rebuild-readings.ts';

/** Results by the places of the plan's on-demand views, or why there are none. */
export type RebuiltOnDemand = readonly OnDemandResult[] | Unchecked;

/** Runs the on-demand functions as for a prediction, on the request as it was logged and the rebuilt readings. */
export function createOnDemandRebuild(
  plan: ParityPlan,
): (logged: LoggedPrediction, rebuilt: Rebuilt) => RebuiltOnDemand {
  const inputs = new RebuiltInputs(plan);
  const evaluator = createRowEvaluator(plan.onDemand, inputs);
  return (logged, rebuilt) => {
    const request = loggedRequest(plan.onDemand.requestFields, logged);
    if (request === null) return 'request_hidden';
    if (plan.onDemand.storedViews.some(({ ref }) => !rebuilt.has(ref))) return 'key_hidden';
    inputs.moveTo(request, rebuilt);
    const failed = evaluator.evaluate(false);
    return failed instanceof LarderError ? 'on_demand_failed' : [...evaluator.results];
  };
}

class RebuiltInputs implements OnDemandInputs {
  readonly #plan: ParityPlan;
  #request: readonly FieldValue[] = [];
  #rebuilt: Rebuilt = new Map();

  constructor(plan: ParityPlan) {
    this.#plan = plan;
  }

  moveTo(request: readonly FieldValue[], rebuilt: Rebuilt): void {
    this.#request = request;
    this.#rebuilt = rebuilt;
  }

  requestField(place: number): FieldValue {
    return this.#request[place] ?? null;
  }

  storedFeature(view: number, place: number): FieldValue {
    const stored = this.#plan.onDemand.storedViews[view];
    const reading = this.#rebuilt.get(stored?.ref ?? '');
    const name = stored?.features[place]?.name ?? '';
    return reading?.status === 'PRESENT' ? ownValue(reading.values[name] ?? null) : null;
  }
}

/** Null: a field that the functions read is sensitive, so that the log does not have its value. */
export function loggedRequest(
  fields: readonly FieldManifest[],
  logged: LoggedPrediction,
): FieldValue[] | null {
  const values: FieldValue[] = [];
  for (const field of fields) {
    const json = logged.request[field.name];
    const decoded = decodeJsonValue(field, json);
    if (!decoded.ok || isHash(json)) return null;
    values.push(decoded.value);
  }
  return values;
}

function isHash(json: unknown): boolean {
  return typeof json === 'string' && /^#[0-9a-f]{64}$/.test(json);
}
