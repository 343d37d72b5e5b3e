import { isLarderError, shortestFloat32, type LarderError } from '@larder/core';
import type { PredictAnswer } from '@larder/contracts';
import type { PredictedRow, Predictions, ServedFeature } from '@larder/serving';
import { wrongUsage } from '../verb.ts';
import type { InputFlag } from './input-flags.ts';

export interface PredictionAnswer extends Omit<
  PredictAnswer,
  'features' | 'timings_ms' | 'degraded_reasons'
> {
  readonly degraded_reasons: readonly string[];
  readonly features?: readonly ServedFeature[];
  readonly timings_ms?: NonNullable<PredictAnswer['timings_ms']>;
}

export interface AnswerContext {
  readonly model: string;
  readonly version: number;
}

/** The body of `POST /v1/models/{model}/predict`. @throws why the row could not be answered */
export function predictionAnswer(
  { rows, outputs, timings }: Predictions,
  { model, version }: AnswerContext,
): PredictionAnswer {
  const [row] = rows;
  if (row === undefined) throw new Error('One row was sent, and none was answered.');
  if (isLarderError(row)) throw row;
  const raw = Object.fromEntries(
    Object.entries(outputs).map(([name, values]) => {
      const value = values[row.place] as number;
      return [name, Number.isFinite(value) ? shortestFloat32(value) : null];
    }),
  );
  return {
    prediction_id: row.predictionId,
    model,
    version,
    outputs: row.outputs ?? raw,
    degraded: row.degradedReasons.length > 0,
    degraded_reasons: row.degradedReasons,
    ...originOf(row),
    ...(row.features !== null && { features: row.features, timings_ms: timingsOf(timings) }),
    ...(row.features !== null && row.outputs !== null && row.place >= 0 && { raw_outputs: raw }),
  };
}

function originOf({ origin }: PredictedRow) {
  if (origin === undefined) return {};
  if (origin.source === 'live') return { source: origin.source, live_reason: origin.reason };
  const { source, view, computedAtMs, ageMs } = origin;
  return { source, view, computed_at: new Date(computedAtMs).toISOString(), age_ms: ageMs };
}

function timingsOf({ features, onDemand, model, total }: Predictions['timings']) {
  return { features, on_demand: onDemand, model, total };
}

/** Names a wrong input by its option, typed or missing. */
export function inFlags(error: LarderError, model: string, flags: readonly InputFlag[]): LarderError {
  if (error.code !== 'REQUEST_INVALID' || error.errors.length === 0) return error;
  return wrongUsage(
    `predict ${model}`,
    error.errors.map(({ pointer, detail }) => {
      const known = flags.find(({ part, name }) => pointer === `/${part}/${name}`);
      return { pointer: known === undefined ? pointer : `--${known.flag}`, detail };
    }),
  );
}
