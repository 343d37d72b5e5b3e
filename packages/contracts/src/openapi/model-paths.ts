import type { ErrorCode } from '@larder/core';
import { z, type ZodType } from 'zod';
import type { ZodOpenApiPathsObject } from 'zod-openapi';
import { operation } from './operation.ts';
import {
  MAX_BATCH_ROWS,
  predictAnswerSchema,
  predictBatchAnswerSchema,
  predictOptionsSchema,
} from '../predict.ts';
import { instantSchema } from '../scalars.ts';

/** Error codes of predict and predict-batch; a batch has the codes of single rows inside its answer. */
export const PREDICT_CODES = [
  'MODEL_NOT_FOUND',
  'MODEL_VERSION_NOT_FOUND',
  'MODEL_NOT_READY',
  'MODEL_OVERLOADED',
  'MODEL_RUN_FAILED',
  'ON_DEMAND_FAILED',
  'OPTION_NOT_SUPPORTED',
  'ONLINE_STORE_UNAVAILABLE',
  'DEADLINE_EXCEEDED',
  'PREDICTION_NOT_LOGGED',
] as const satisfies readonly ErrorCode[];

/** What a caller has to send to one model; the manifest's field shape. */
export interface ModelDescription {
  readonly name: string;
  readonly joinKeys: readonly FieldDescription[];
  readonly request: readonly FieldDescription[];
}

export interface FieldDescription {
  readonly name: string;
  readonly type: 'float32' | 'float64' | 'int64' | 'bool' | 'string' | 'timestamp' | 'vector' | 'json';
  readonly length?: number;
  readonly safe?: boolean;
}

/** Paths with one model's own join keys and request fields, beside the general ones. */
export function modelPaths(models: readonly ModelDescription[]): ZodOpenApiPathsObject {
  const paths: ZodOpenApiPathsObject = {};
  for (const model of models) {
    const row = { entities: fieldsObject(model.joinKeys), request: fieldsObject(model.request) };
    const part = { entities: row.entities.partial().optional(), request: row.request.partial().optional() };
    const options = predictOptionsSchema.optional();
    paths[`/v1/models/${model.name}/predict`] = {
      post: operation({
        scope: 'predict',
        boundBy: 'model',
        tag: 'predict',
        summary: `Predict one row with ${model.name}`,
        body: z.strictObject({ ...row, options }),
        answers: { 200: predictAnswerSchema },
        codes: PREDICT_CODES,
      }),
    };
    paths[`/v1/models/${model.name}/predict-batch`] = {
      post: operation({
        scope: 'predict',
        boundBy: 'model',
        tag: 'predict',
        summary: `Predict many rows with ${model.name}`,
        answers: { 200: predictBatchAnswerSchema },
        codes: PREDICT_CODES,
        body: z.strictObject({
          rows: z.array(z.strictObject(part)).min(1).max(MAX_BATCH_ROWS),
          shared: z.strictObject(part).optional(),
          options,
        }),
      }),
    };
  }
  return paths;
}

function fieldsObject(fields: readonly FieldDescription[]) {
  return z.strictObject(Object.fromEntries(fields.map((field) => [field.name, fieldSchema(field)])));
}

/** The JSON of one field as callers write it. */
function fieldSchema(field: FieldDescription): ZodType {
  switch (field.type) {
    case 'float32':
    case 'float64':
      return z.number();
    case 'int64':
      return field.safe ? z.int() : z.union([z.int(), z.string().regex(/^-?\d{1,19}$/)]);
    case 'bool':
      return z.boolean();
    case 'string':
      return z.string();
    case 'timestamp':
      return instantSchema;
    case 'vector':
      return z.array(z.number()).length(field.length ?? 0);
    case 'json':
      return z.unknown();
  }
}
