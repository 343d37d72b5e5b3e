import { z } from 'zod';
import { countSchema, idSchema, instantSchema, nameSchema, valueSchema } from './scalars.ts';

const MAX_COMPARED = 100_000;

const limitSchema = (fallback: number) =>
  z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_COMPARED)
    .default(fallback)
    .meta({ description: 'The newest logged predictions, at most so many.' });

export const parityQuerySchema = z.strictObject({
  version: z.coerce.number().int().min(1).max(999_999_999).optional().meta({ description: 'Of the model.' }),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  limit: limitSchema(1_000),
});

const countsSchema = z.record(z.string(), countSchema);
const causeSchema = z.enum(['value', 'time', 'default', 'version']);

/** The last event of `GET /v1/models/{model}/parity`. */
export const parityAnswerSchema = z.strictObject({
  model: z.string(),
  versions: z.array(z.int().positive()),
  predictions: countSchema,
  complete: z.boolean(),
  unexplained: countSchema,
  explained: countSchema,
  unchecked: countsSchema,
  features: z.array(
    z.strictObject({
      ref: z.string(),
      compared: countSchema,
      causes: z.record(causeSchema, countSchema),
      explained: countsSchema,
      examples: z.array(
        z.strictObject({
          prediction_id: idSchema,
          cause: causeSchema,
          detail: z.string(),
          logged: valueSchema,
          rebuilt: valueSchema,
        }),
      ),
    }),
  ),
});

const refSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}@[1-9]\d{0,8}$/, 'must be a view with its version, such as ad_image@2');

export const compareQuerySchema = z.strictObject({
  before: refSchema,
  after: refSchema.meta({ description: 'The version that would take its place.', example: 'ad_image@2' }),
  model: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,39}(@[a-z0-9_]{1,40})?$/, 'must be a model, such as ad_ctr or ad_ctr@2')
    .optional()
    .meta({
      description:
        'Also scores its logged requests with either version; without @version its champion. Takes the scope `predictions:read`, too.',
      example: 'ad_ctr@2',
    }),
  limit: limitSchema(2_000),
  tolerance: z.coerce
    .number()
    .min(0)
    .default(0.01)
    .meta({ description: 'A prediction that moves by more counts as beyond.' }),
});

const numberSchema = z.number().nullable();
const distributionSchema = z.strictObject({
  nulls: countSchema,
  quantiles: z.array(numberSchema).nullable(),
  mean: numberSchema,
});
const namesSchema = z.array(nameSchema);

/** The last event of `GET /v1/comparison`. */
export const comparisonAnswerSchema = z.strictObject({
  before: z.string(),
  after: z.string(),
  coverage: z.strictObject({
    before: countSchema,
    after: countSchema,
    both: countSchema,
    before_fresh: countSchema,
    after_fresh: countSchema,
  }),
  features: z.array(
    z.strictObject({
      name: z.string(),
      type: z.string(),
      before: distributionSchema,
      after: distributionSchema,
      changed: countSchema,
      mean_difference: numberSchema,
    }),
  ),
  added: namesSchema,
  removed: namesSchema,
  retyped: namesSchema,
  predictions: z
    .strictObject({
      model: z.string(),
      version: z.int().positive(),
      output: z.string(),
      predictions: countSchema,
      from: instantSchema,
      to: instantSchema,
      mean_before: numberSchema,
      mean_after: numberSchema,
      mean_difference: numberSchema,
      max_difference: numberSchema,
      quantiles: z.strictObject({ p50: numberSchema, p90: numberSchema, p99: numberSchema }),
      tolerance: z.number(),
      beyond: z.number(),
    })
    .nullable(),
});

export type ParityAnswer = z.infer<typeof parityAnswerSchema>;
export type ComparisonAnswer = z.infer<typeof comparisonAnswerSchema>;
