/*
 * Budget: 1 µs per row. JSON is written by hand: the members are known, the names need no escaping, and the
 * outputs are printed as the shortest decimals of their float32.
 */
import { isLarderError, shortestFloat32 } from '@larder/core';
import type { AnswerOrigin, PredictedRow, Predictions, Timings } from '@larder/serving';
import { problemOf } from '../http/problem.ts';

export interface AnswerContext {
  readonly model: string;
  readonly version: number;
  readonly requestId: string;
  /** Also print features and timings. */
  readonly features: boolean;
}

/** Writes the body of a predict answer. @throws the error of a row that could not be answered */
export function predictAnswer(predictions: Predictions, context: AnswerContext): string {
  const row = predictions.rows[0] as Predictions['rows'][number];
  if (isLarderError(row)) throw row;
  const reasons = row.degradedReasons.length === 0 ? '[]' : JSON.stringify(row.degradedReasons);
  return (
    `{"prediction_id":"${row.predictionId}","model":"${context.model}","version":${context.version},` +
    `"outputs":${outputsText(predictions.outputs, row)},"degraded":${row.degradedReasons.length > 0},` +
    `"degraded_reasons":${reasons}${row.origin === undefined ? '' : originText(row.origin)}` +
    (context.features
      ? `,"features":${featuresText(row)}${rawText(predictions.outputs, row)},"timings_ms":${timingsText(predictions.timings)}}`
      : '}')
  );
}

/** Writes the body of a predict-batch answer. */
export function predictBatchAnswer(predictions: Predictions, context: AnswerContext): string {
  const { rows, outputs, timings } = predictions;
  let text = `{"model":"${context.model}","version":${context.version},"rows":[`;
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as Predictions['rows'][number];
    if (r > 0) text += ',';
    if (isLarderError(row)) text += `{"error":${JSON.stringify(problemOf(row, context.requestId))}}`;
    else {
      text += `{"prediction_id":"${row.predictionId}","outputs":${outputsText(outputs, row)},"degraded":${row.degradedReasons.length > 0}`;
      if (row.origin !== undefined) text += originText(row.origin);
      if (context.features)
        text += `,"degraded_reasons":${JSON.stringify(row.degradedReasons)},"features":${featuresText(row)}${rawText(outputs, row)}`;
      text += '}';
    }
  }
  return context.features ? `${text}],"timings_ms":${timingsText(timings)}}` : `${text}]}`;
}

function outputsText(outputs: Predictions['outputs'], row: PredictedRow): string {
  return row.outputs === null ? numbersText(outputs, row.place) : JSON.stringify(row.outputs);
}

/** What the artifact gave, where a caller asked for everything and got other outputs. */
function rawText(outputs: Predictions['outputs'], row: PredictedRow): string {
  return row.outputs === null || row.origin?.source === 'precomputed'
    ? ''
    : `,"raw_outputs":${numbersText(outputs, row.place)}`;
}

function numbersText(outputs: Predictions['outputs'], place: number): string {
  let text = '{';
  for (const name in outputs) {
    if (text.length > 1) text += ',';
    const value = (outputs[name] as Float32Array)[place] as number;
    text += `"${name}":${Number.isFinite(value) ? shortestFloat32(value) : 'null'}`;
  }
  return `${text}}`;
}

/** References and reasons are words and `@`, `:`. */
function originText(origin: AnswerOrigin): string {
  if (origin.source === 'live') return `,"source":"live","live_reason":"${origin.reason}"`;
  const { view, computedAtMs, ageMs } = origin;
  return `,"source":"precomputed","view":"${view}","computed_at":"${new Date(computedAtMs).toISOString()}","age_ms":${ageMs}`;
}

function featuresText(row: PredictedRow): string {
  return JSON.stringify(row.features ?? []);
}

function timingsText(timings: Readonly<Timings>): string {
  const { features, onDemand, model, total } = timings;
  return `{"features":${ms(features)},"on_demand":${ms(onDemand)},"model":${ms(model)},"total":${ms(total)}}`;
}

/** Rounds to microseconds. */
function ms(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
