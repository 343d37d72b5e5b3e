import { z } from 'zod';
import { problemSchema } from './problem.ts';
import { fieldsSchema, idSchema, instantSchema, valueSchema } from './scalars.ts';

/** Rows of one predict-batch; also the most entities of one read. */
export const MAX_BATCH_ROWS = 1_000;
export const MAX_DEADLINE_MS = 60_000;
/** Versions are PostgreSQL integers. */
export const MAX_MODEL_VERSION = 2 ** 31 - 1;
export const ALIAS_NAME = /^[a-z][a-z0-9_]{0,39}$/;

export const predictOptionsSchema = z
  .strictObject({
    version: z
      .union([z.int().min(1).max(MAX_MODEL_VERSION), z.string().regex(ALIAS_NAME)])
      .optional()
      .meta({
        description:
          'Number of a model version, which no other version ever answers for, or an alias; default: `champion`.',
      }),
    deadline_ms: z.int().min(1).max(MAX_DEADLINE_MS).optional(),
    features: z.boolean().optional().meta({ description: 'Adds `features` and `timings_ms` to the answer.' }),
    explain: z
      .literal(false)
      .optional()
      .meta({ description: 'Not supported yet: true is OPTION_NOT_SUPPORTED.' }),
    mode: z.enum(['live', 'precomputed', 'precomputed_or_live']).optional().meta({
      description:
        'Where the answer comes from; default: what the model declares, or `live`. `precomputed` refuses a row without a usable prediction, `precomputed_or_live` asks the model.',
    }),
  })
  .meta({ id: 'PredictOptions' });

export const predictRowSchema = z
  .strictObject({ entities: fieldsSchema.optional(), request: fieldsSchema.optional() })
  .meta({ id: 'PredictRow' });

export const predictRequestSchema = z
  .strictObject({
    entities: fieldsSchema.optional(),
    request: fieldsSchema.optional(),
    options: predictOptionsSchema.optional(),
  })
  .meta({
    id: 'PredictRequest',
    example: {
      entities: { ad_id: 'ad-42' },
      request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed' },
      options: { features: true },
    },
  });

export const featureSchema = z
  .strictObject({
    ref: z.string().meta({ example: 'ad_image@1:brightness' }),
    value: valueSchema,
    status: z.enum(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE']),
    source: z.enum(['online', 'request', 'on_demand', 'computed', 'default']),
    event_timestamp: instantSchema.nullable(),
    age_ms: z.number().nullable(),
  })
  .meta({ id: 'ServedFeature' });

const outputsSchema = z.record(z.string(), valueSchema).meta({
  description:
    'Numbers of the artifact, or what the post-processing of the model gives: JSON of the fields that `GET /v1/models/{model}` lists as `outputs`.',
  example: { ctr: 0.031 },
});
const rawOutputsSchema = z.record(z.string(), z.number().nullable()).optional().meta({
  description: 'What the artifact gave, with `options.features` and for a model with post-processing.',
});

const timingsSchema = z.strictObject({
  features: z.number(),
  on_demand: z.number(),
  model: z.number(),
  total: z.number(),
});

const originMembers = {
  source: z.enum(['precomputed', 'live']).optional().meta({
    description: 'Where the answer is from, in answers to a mode other than `live`.',
  }),
  view: z.string().optional().meta({
    description: 'Of a precomputed answer: the view that held it.',
    example: 'ad_scores@1',
  }),
  computed_at: instantSchema
    .optional()
    .meta({ description: 'Of a precomputed answer: the instant that it was computed for.' }),
  age_ms: z.number().optional().meta({ description: 'Of a precomputed answer.' }),
  live_reason: z.string().optional().meta({
    description: 'Of a live answer: why no precomputed prediction was used.',
    example: 'ad_scores@1:OUTSIDE_MAX_AGE',
  }),
};

export const predictAnswerSchema = z
  .strictObject({
    prediction_id: idSchema,
    model: z.string(),
    version: z.int().positive(),
    outputs: outputsSchema,
    degraded: z.boolean(),
    degraded_reasons: z.array(z.string()).meta({ example: ['ad_image@1:NOT_FOUND'] }),
    ...originMembers,
    features: z.array(featureSchema).optional(),
    raw_outputs: rawOutputsSchema,
    timings_ms: timingsSchema.optional(),
  })
  .meta({ id: 'PredictAnswer' });

export const predictBatchRequestSchema = z
  .strictObject({
    rows: z.array(predictRowSchema).min(1).max(MAX_BATCH_ROWS),
    shared: predictRowSchema
      .optional()
      .meta({ description: "Merged under every row; a row's own member wins." }),
    options: predictOptionsSchema.optional(),
  })
  .meta({
    id: 'PredictBatchRequest',
    example: {
      rows: [{ entities: { ad_id: 'ad-1' } }, { entities: { ad_id: 'ad-2' } }],
      shared: { request: { requested_at: '2026-11-20T09:30:00Z', placement: 'feed' } },
    },
  });

export const predictBatchAnswerSchema = z
  .strictObject({
    model: z.string(),
    version: z.int().positive(),
    rows: z.array(
      z.union([
        z.strictObject({
          prediction_id: idSchema,
          outputs: outputsSchema,
          degraded: z.boolean(),
          degraded_reasons: z.array(z.string()).optional(),
          ...originMembers,
          features: z.array(featureSchema).optional(),
          raw_outputs: rawOutputsSchema,
        }),
        z.strictObject({ error: problemSchema }),
      ]),
    ),
    timings_ms: timingsSchema.optional(),
  })
  .meta({ id: 'PredictBatchAnswer' });

export type PredictOptions = z.infer<typeof predictOptionsSchema>;
export type PredictRow = z.infer<typeof predictRowSchema>;
export type PredictRequest = z.infer<typeof predictRequestSchema>;
export type PredictAnswer = z.infer<typeof predictAnswerSchema>;
export type PredictBatchRequest = z.infer<typeof predictBatchRequestSchema>;
export type PredictBatchAnswer = z.infer<typeof predictBatchAnswerSchema>;
export type ServedFeature = z.infer<typeof featureSchema>;
