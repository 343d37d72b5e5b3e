/*
 * Budget: the cost of the project's own function, plus 1 µs per row for its arguments and its outputs as JSON. Only for
 * models with post-processing.
 */
import { LarderError } from '@larder/core';
import {
  encodeJsonValue,
  evaluatePostProcess,
  onDemandValue,
  ownValue,
  type FieldValue,
} from '@larder/features';
import type { Batch } from '../batch.ts';
import type { PlanPostProcess } from '../plan/compiled-plan.ts';
import type { AnsweredRow, AnsweredRows } from './answer-rows.ts';

/** The rows with the outputs of the model's post-processing; a row whose function fails becomes its error. */
export function postProcessRows(
  post: PlanPostProcess,
  { inputs }: Batch,
  answered: { readonly rows: AnsweredRows; readonly outputs: Readonly<Record<string, Float32Array>> },
): AnsweredRows {
  return answered.rows.map((row) => {
    if (row instanceof LarderError) return row;
    const outputs: Record<string, number> = {};
    for (const { name } of post.outputs) outputs[name] = answered.outputs[name]?.[row.place] ?? Number.NaN;
    const values = inputs.requests[row.row] as readonly FieldValue[];
    const request: Record<string, FieldValue> = {};
    for (const [i, { name }] of post.request.entries())
      request[name] = ownValue(values[post.requestPlaces[i] as number] as FieldValue);
    return processed(post, row, { outputs, request });
  });
}

function processed(
  post: PlanPostProcess,
  row: AnsweredRow,
  given: Parameters<typeof evaluatePostProcess>[1],
): AnsweredRow | LarderError {
  const result = evaluatePostProcess(post, given);
  if (result instanceof LarderError) return result;
  const outputs = Object.fromEntries(
    post.features.map((feature) => [
      feature.name,
      encodeJsonValue(feature.field, onDemandValue(result, feature)),
    ]),
  );
  return { ...row, outputs };
}
