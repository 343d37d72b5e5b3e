/*
 * Budget: 1 µs per row. Pointers instead of values; the log renders the record later, so nothing in it may change.
 */
import { encodeJsonValue, type JsonValue } from '@larder/features';
import type { PredictionRecord, PredictionView } from '@larder/offline-store';
import { readRowHeader, type RowOrNull } from '@larder/online-store';
import type { OnDemandStep, Plan, PlanView } from './plan.ts';
import type { InputRow } from './read-inputs.ts';
import { OUTSIDE_MAX_AGE, PRESENT, readingAt, type Batch } from './read-views.ts';
import { valueOf, type StepResult } from './run-steps.ts';

type Members = Readonly<Record<string, unknown>>;

/** One answered row of a request. */
export interface AnsweredRow {
  readonly row: number;
  readonly predictionId: string;
  readonly degradedReasons: readonly string[];
  readonly onDemand: Members | null;
  readonly outputs: Members;
}

/** What all rows of a request have in common. */
export interface AnsweredRequest {
  readonly rows: readonly InputRow[];
  readonly shared: InputRow | undefined;
  readonly predictedAtMs: number;
  readonly latencyUs: number;
}

export function logRecord(batch: Batch, request: AnsweredRequest, answered: AnsweredRow): PredictionRecord {
  const { model, version } = batch.plan;
  const input = request.rows[answered.row] as InputRow;
  return {
    predictionId: answered.predictionId,
    predictedAtMs: request.predictedAtMs,
    model: model.name,
    version,
    entities: merged(input.entities, request.shared?.entities),
    request: merged(input.request, request.shared?.request),
    outputs: answered.outputs,
    degraded: answered.degradedReasons.length > 0,
    degradedReasons: answered.degradedReasons,
    views: viewPointers(batch, answered.row),
    onDemand: answered.onDemand,
    latencyUs: request.latencyUs,
  };
}

const NOTHING: Members = Object.freeze({});

function merged(own: unknown, under: unknown): Members {
  if (under === undefined) return (own ?? NOTHING) as Members;
  if (own === undefined) return under as Members;
  return { ...(under as Members), ...(own as Members) };
}

function viewPointers(batch: Batch, row: number): PredictionView[] {
  const { plan, readings } = batch;
  const pointers = new Array<PredictionView>(plan.views.length);
  for (let v = 0; v < plan.views.length; v++) {
    const view = plan.views[v] as PlanView;
    const at = readingAt(batch, row, view);
    const status = (readings.statuses[view.group] as Uint8Array)[at] as number;
    const stored = (readings.rows[view.group] as RowOrNull[])[at] as RowOrNull;
    const header = stored === null ? null : readRowHeader(stored);
    pointers[v] = {
      ref: view.ref,
      status: status === PRESENT ? 'PRESENT' : status === OUTSIDE_MAX_AGE ? 'OUTSIDE_MAX_AGE' : 'NOT_FOUND',
      eventTimestampMs: header?.eventTimestampMs ?? null,
      createdTimestampMs: header?.createdTimestampMs ?? null,
      revision: header?.revision ?? null,
    };
  }
  return pointers;
}

/** What the on-demand functions gave for a row, by view; null when the model reads none. */
export function onDemandMembers(plan: Plan, results: readonly StepResult[]): Members | null {
  if (plan.steps.length === 0) return null;
  const members: Record<string, Record<string, JsonValue>> = {};
  for (let s = 0; s < plan.steps.length; s++) {
    const step = plan.steps[s] as OnDemandStep;
    const features: Record<string, JsonValue> = {};
    for (const output of step.outputs)
      features[output.name] = encodeJsonValue(output.field, valueOf(results[s] as StepResult, output));
    members[step.name] = features;
  }
  return members;
}
