import type { LoggedKey, PredictionRecord, PredictionView } from '@larder/offline-store';
import { readRowHeader, type RowHeader } from '@larder/online-store';
import type { Inputs } from '../inputs/inputs.ts';
import type { CompiledPlan, PlanGroup } from '../plan/compiled-plan.ts';
import type { PredictRequest } from '../predictor.ts';
import type { FoundPrediction } from './judge-prediction.ts';

const RECORD_BYTES = 600;
const NO_FLOATS = new Float32Array(0);

export interface AnsweredAhead {
  readonly plan: CompiledPlan;
  readonly inputs: Inputs;
  readonly request: PredictRequest;
  readonly row: number;
  readonly predictionId: string;
  readonly found: FoundPrediction;
  readonly nowMs: number;
  readonly totalMs: number;
}

/**
 * What the log keeps of a prediction that was computed ahead: a pointer to its row, and the request that it was computed
 * for. The features that it was computed from are those of its instant.
 */
export function aheadRecord(answered: AnsweredAhead): PredictionRecord {
  const { plan, inputs, request, row, predictionId, found, nowMs, totalMs } = answered;
  const { rows, shared } = request;
  const instant = new Date(found.computedAtMs).toISOString();
  return {
    predictionId,
    predictedAtMs: nowMs,
    model: plan.model.name,
    version: plan.version,
    alias: request.alias?.alias ?? null,
    aliasMoveId: request.alias?.moveId ?? null,
    entities: { ...objectOf(shared?.entities), ...objectOf(rows[row]?.entities) },
    entityKeys: keysOf(plan, inputs, row),
    request: {
      ...objectOf(shared?.request),
      ...objectOf(rows[row]?.request),
      ...Object.fromEntries(found.view.runTimes.map((name) => [name, instant])),
    },
    outputs: found.outputs,
    rawOutputs: null,
    output: Object.values(found.outputs).find((value) => typeof value === 'number') ?? null,
    scalars: NO_FLOATS,
    degraded: false,
    degradedReasons: [],
    views: [pointer(found)],
    onDemand: null,
    defaultsUsed: [],
    precomputed: found.view.ref,
    latencyUs: totalMs * 1_000,
    featuresUs: totalMs * 1_000,
    onDemandUs: 0,
    modelUs: 0,
    sizeBytes: RECORD_BYTES,
    sensitive: plan.logged.sensitive,
  };
}

function keysOf({ groups }: CompiledPlan, { keysByGroup, slots }: Inputs, row: number): LoggedKey[] {
  return groups.map(({ entity }: PlanGroup, g) => ({
    entity: entity.name,
    key: keysByGroup[g]?.[slots[row * groups.length + g] as number] as string,
  }));
}

function pointer({ view, row }: FoundPrediction): PredictionView {
  const { eventTimestampMs, createdTimestampMs, revision } = readRowHeader(row) as RowHeader;
  return { ref: view.ref, status: 'PRESENT', eventTimestampMs, createdTimestampMs, revision };
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}
