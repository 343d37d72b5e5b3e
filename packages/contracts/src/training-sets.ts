import { z } from 'zod';
import { countSchema, cursorSchema, idSchema, instantSchema, isStorable, nameSchema } from './scalars.ts';

const textSchema = (maximum: number) =>
  z.string().min(1).max(maximum).refine(isStorable, 'must not contain U+0000 or half of a surrogate pair');

const modelSchema = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,39}(@[a-z0-9_]{1,40})?$/, 'must be a model, such as ad_ctr or ad_ctr@2')
  .meta({
    description: 'Its features, in the order of its tensor; without @version those of the champion.',
    example: 'ad_ctr@2',
  });
const timeSchema = textSchema(200).meta({
  description: 'Column with the time of each row; default `event_timestamp`.',
});
const engineSchema = z
  .enum(['auto', 'postgresql', 'duckdb'])
  .meta({ description: 'Default `auto`: the one that is expected to be faster.' });
const splitSchema = z
  .string()
  .regex(
    /^(time|group:[^:]+):0?\.\d+(,0?\.\d+){1,2}$/,
    'must be time:SHARES or group:COLUMN:SHARES, with shares such as 0.8,0.1,0.1',
  )
  .refine(isStorable, 'must not contain U+0000 or half of a surrogate pair')
  .meta({ description: 'Parts by time, or by the values of a column.', example: 'time:0.8,0.1,0.1' });
const formatSchema = z.enum(['parquet', 'csv']).meta({ description: 'Of the files; default `parquet`.' });
const cutOffMeta = {
  description:
    'What the online store had confirmed at the time of each row, instead of what the sources knew.',
};

const predictionsSpineSchema = z
  .strictObject({
    predictions: z.strictObject({
      model: nameSchema,
      version: z.int().positive().optional(),
      label: nameSchema.optional().meta({ description: 'Only predictions with this label, as a column.' }),
      from: instantSchema.optional(),
      to: instantSchema.optional(),
    }),
  })
  .meta({ description: 'Logged predictions.' });
const sqlSpineSchema = z
  .strictObject({ sql: z.strictObject({ connection: nameSchema, query: textSchema(100_000) }) })
  .meta({
    description: 'A query on a connection of the project; off unless LARDER_TRAINING_SETS_SQL is on.',
  });

const againSchema = idSchema.optional().meta({
  description:
    'A set on record to build again, from the same rows and the same history; of the rest only `engine` goes with it.',
});

/** With a JSON body: rows that the service finds itself. */
export const trainingSetRequestSchema = z
  .strictObject({
    model: modelSchema.optional(),
    features: z.array(textSchema(200)).min(1).max(500).optional(),
    spine: z.union([predictionsSpineSchema, sqlSpineSchema]).optional(),
    again: againSchema,
    time: timeSchema.optional(),
    as_served: z.boolean().optional().meta(cutOffMeta),
    engine: engineSchema.optional(),
    split: splitSchema.optional(),
    format: formatSchema.optional(),
  })
  .meta({
    id: 'TrainingSetRequest',
    example: { model: 'ad_ctr', spine: { predictions: { model: 'ad_ctr', label: 'clicked' } } },
  });

/** With rows as the body. */
export const trainingSetUploadQuerySchema = z.strictObject({
  model: modelSchema.optional(),
  features: textSchema(8_000).optional().meta({
    description: 'Features and views, separated by commas; or `model`.',
    example: 'ad_image,ad_stats:clicks_7d',
  }),
  again: againSchema,
  time: timeSchema.optional(),
  as_served: z.enum(['true', 'false']).optional().meta(cutOffMeta),
  engine: engineSchema.optional(),
  split: splitSchema.optional(),
  format: formatSchema.optional(),
});

const statusSchema = z.enum(['queued', 'building', 'complete', 'failed']);

export const trainingSetAcceptedSchema = z
  .strictObject({ training_set_id: idSchema, status: z.literal('queued') })
  .meta({ id: 'TrainingSetAccepted' });

export const trainingSetSchema = z
  .strictObject({
    training_set_id: idSchema,
    model: z.strictObject({ name: z.string(), version: z.int().positive() }).nullable(),
    status: statusSchema,
    progress: z
      .strictObject({
        stage: z.enum(['spine', 'join', 'on_demand', 'write', 'statistics']),
        done: countSchema,
        total: countSchema.nullable(),
      })
      .nullable()
      .meta({ description: 'Null unless the process that answers builds it now.' }),
    host: z.string().meta({ description: 'Where its files are.' }),
    actor: z.string(),
    created_at: instantSchema,
    finished_at: instantSchema.nullable(),
    error: z.strictObject({ code: z.string(), reason: z.string() }).nullable(),
    manifest: z
      .record(z.string(), z.unknown())
      .nullable()
      .meta({ description: '`manifest.json` of the set; null until complete.' }),
  })
  .meta({ id: 'TrainingSet' });

export const trainingSetsQuerySchema = z.strictObject({
  model: nameSchema.optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: cursorSchema.optional(),
});

export const trainingSetsAnswerSchema = z
  .strictObject({ training_sets: z.array(trainingSetSchema), cursor: cursorSchema.nullable() })
  .meta({ id: 'TrainingSetsAnswer' });

export const trainingSetParamsSchema = z.strictObject({ id: idSchema });

export const trainingSetRowsQuerySchema = z.strictObject({
  format: z.enum(['parquet', 'csv', 'arrow']).default('parquet'),
  part: z
    .enum(['all', 'train', 'validation', 'test'])
    .optional()
    .meta({ description: 'Default: every row.' }),
});

export type TrainingSetRequestBody = z.infer<typeof trainingSetRequestSchema>;
export type TrainingSetAccepted = z.infer<typeof trainingSetAcceptedSchema>;
export type TrainingSetAnswer = z.infer<typeof trainingSetSchema>;
export type TrainingSetsAnswer = z.infer<typeof trainingSetsAnswerSchema>;
