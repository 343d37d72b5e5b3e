import { z } from 'zod';
import { countSchema, cursorSchema, fieldsSchema, idSchema, instantSchema, nameSchema } from './scalars.ts';

export const MAX_PREDICTIONS_PER_PAGE = 500;
export const MAX_HISTOGRAM_BINS = 200;

const whole = (description: string, maximum: number) =>
  z.coerce
    .number()
    .pipe(z.int().min(1).max(maximum))
    .optional()
    .meta({ description, override: { type: 'integer', minimum: 1, maximum } });
const outputBound = z.coerce
  .number()
  .pipe(z.number())
  .optional()
  .meta({ description: "Of the model's first output, inclusive.", override: { type: 'number' } });

export const predictionParamsSchema = z.strictObject({ prediction_id: idSchema });

export const predictionsQuerySchema = z.strictObject({
  model: nameSchema.optional(),
  version: whole('Of the model.', 1_000_000_000),
  alias: nameSchema.optional().meta({ description: 'The alias that chose the version.' }),
  entity: nameSchema.optional().meta({ description: 'With `key`: predictions of one entity.' }),
  key: z.string().max(1_024).optional().meta({
    description: 'Join keys as in `GET /v1/entities/{entity}/{key}`.',
    example: 'ad-42',
  }),
  degraded: z
    .enum(['true', 'false'])
    .optional()
    .meta({ override: { type: 'string', enum: ['true', 'false'] } }),
  min_output: outputBound,
  max_output: outputBound,
  from: instantSchema.optional(),
  to: instantSchema.optional().meta({ description: 'Before this instant.' }),
  histogram: whole(
    'Also count the first output of every prediction that matches, in this many ranges of equal width.',
    MAX_HISTOGRAM_BINS,
  ),
  cursor: cursorSchema.optional(),
  limit: whole('Default 50.', MAX_PREDICTIONS_PER_PAGE),
});

const loggedMembers = {
  prediction_id: idSchema,
  predicted_at: instantSchema,
  model: z.string(),
  version: z.int().positive(),
  alias: z.string().nullable(),
  entities: fieldsSchema,
  outputs: fieldsSchema,
  precomputed: z.string().nullable().meta({
    description: 'The view that held the answer, which was computed ahead; null: the model was asked.',
    example: 'ad_scores@1',
  }),
  degraded: z.boolean(),
  degraded_reasons: z.array(z.string()).meta({ example: ['ad_text@1:NOT_FOUND'] }),
  latency_ms: z.number(),
};

export const loggedPredictionSchema = z.strictObject(loggedMembers).meta({ id: 'LoggedPrediction' });

export const predictionsAnswerSchema = z
  .strictObject({
    predictions: z.array(loggedPredictionSchema),
    cursor: z.string().nullable(),
    histogram: z
      .strictObject({
        edges: z
          .array(z.number())
          .meta({ description: 'One more than counts; none without a finite output.' }),
        counts: z.array(countSchema),
        predictions: countSchema.meta({ description: 'That match, also those without a finite output.' }),
      })
      .optional(),
  })
  .meta({ id: 'PredictionsAnswer' });

const nullableInstant = instantSchema.nullable();
const nullableMs = z.number().nullable();

export const predictionDetailSchema = z
  .strictObject({
    ...loggedMembers,
    logged_at: instantSchema,
    alias_move_id: countSchema.nullable(),
    entity_keys: z
      .array(z.string())
      .nullable()
      .meta({ example: ['ad:ad-42'] }),
    request: fieldsSchema,
    raw_outputs: fieldsSchema.nullable().meta({
      description: "What the artifact gave before the model's post-processing; null: it has none.",
    }),
    defaults_used: z.array(z.string()).nullable(),
    timings_ms: z.strictObject({
      features: nullableMs,
      on_demand: nullableMs,
      model: nullableMs,
      total: z.number(),
    }),
    views: z.array(
      z.strictObject({
        ref: z.string(),
        status: z.string(),
        event_timestamp: nullableInstant,
        created_timestamp: nullableInstant,
        revision: countSchema.nullable(),
        landed_at: nullableInstant.meta({ description: 'Null: history does not have the row.' }),
        online_at: nullableInstant,
        chunk_id: countSchema.nullable(),
        run_id: z.string().nullable(),
      }),
    ),
    features: z
      .array(
        z.strictObject({
          ref: z.string(),
          value: z.unknown(),
          status: z.enum(['PRESENT', 'NULL_VALUE', 'NOT_FOUND', 'OUTSIDE_MAX_AGE']),
          source: z.enum(['online', 'request', 'on_demand', 'default']),
          value_from: z.enum(['log', 'history', 'definition']).nullable().meta({
            description: 'Where the value is from now; null: it cannot be had, and `reason` says why.',
          }),
          reason: z.string().nullable(),
          event_timestamp: nullableInstant,
          age_ms: nullableMs,
        }),
      )
      .nullable()
      .meta({ description: 'Null: the definition of the model version is not on record.' }),
  })
  .meta({ id: 'PredictionDetail' });

export type PredictionsAnswer = z.infer<typeof predictionsAnswerSchema>;
export type PredictionDetail = z.infer<typeof predictionDetailSchema>;
