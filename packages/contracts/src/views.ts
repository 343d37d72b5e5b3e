import { z } from 'zod';
import { countSchema, instantSchema, valueSchema } from './scalars.ts';

/** A field of an entity, view, request or model as the manifest has it. */
export const fieldSchema = z
  .strictObject({
    name: z.string(),
    type: z.enum(['float32', 'float64', 'int64', 'bool', 'string', 'timestamp', 'vector', 'json']),
    length: z.int().positive().optional().meta({ description: 'Number of floats of a vector.' }),
    safe: z.boolean().optional().meta({ description: 'An int64 that always fits a JSON number.' }),
    default: valueSchema.optional(),
    constant: z
      .string()
      .optional()
      .meta({ description: 'Of an entity without join keys: the one key, which nobody sends.' }),
  })
  .meta({ id: 'Field' });

const tagsSchema = z.record(z.string(), z.string());

export const featureViewSchema = z
  .strictObject({
    kind: z.literal('feature_view'),
    ref: z.string().meta({ example: 'ad_image@1' }),
    view: z.string(),
    version: z.int().positive(),
    newest: z.boolean().meta({ description: 'References without a version mean this one.' }),
    entity: z.string(),
    join_keys: z.array(z.string()),
    schema: z.array(fieldSchema),
    source: z
      .record(z.string(), valueSchema)
      .meta({ description: 'By its kind; connections by name, never their addresses.' }),
    compute: z
      .strictObject({ kind: z.string(), options: z.record(z.string(), valueSchema) })
      .nullable()
      .meta({ description: 'Null: the features are columns of the source, and rows may be pushed.' }),
    ttl_ms: z.union([z.number().positive(), z.literal('forever')]),
    schedule: z
      .union([
        z.string(),
        z.strictObject({
          cron: z.string(),
          time_zone: z.string(),
          missed: z.enum(['once', 'skip']),
          late_after_ms: z.number().positive().optional(),
        }),
      ])
      .nullable()
      .meta({ description: 'A plain string: a cron schedule in UTC whose missed runs are made up once.' }),
    next_due_at: instantSchema.nullable().meta({
      description:
        'When its next scheduled run is due; null: it has no schedule, nothing reads this version, or PostgreSQL is away.',
    }),
    freshness: z
      .strictObject({
        newest_event_timestamp: instantSchema.nullable(),
        newest_landed_at: instantSchema.nullable(),
        newest_online_at: instantSchema.nullable(),
        rows_online: countSchema.meta({
          description:
            'Rows that the online store did not have when they were written: an upper bound of what it holds.',
        }),
      })
      .nullable()
      .meta({ description: 'Null: nothing has landed yet, or PostgreSQL is away.' }),
    available_after_ms: countSchema,
    chunk_rows: countSchema,
    when_gone: z
      .strictObject({ at_most: z.number().min(0).max(1) })
      .nullable()
      .meta({
        description:
          'A run over all rows ends the keys that the source no longer has, and is held when they are more than this share of all keys. Null: they are kept.',
      }),
    retention_ms: z
      .union([z.number().positive(), z.literal('forever')])
      .meta({ description: 'How long history is kept, by event time.' }),
    freshness_objective_ms: z.number().positive().nullable().meta({
      description:
        'How old the newest that is known of the view may be before it counts as stale. Null: none declared.',
    }),
    partial_push: z.record(z.string(), z.enum(['keep', 'null'])).meta({
      description:
        'Members that a pushed row may leave out, and what becomes of each: its newest value is kept, or it is null.',
    }),
    used_by: z.array(z.string()).meta({ description: 'Models that read it, also through on-demand views.' }),
    owner: z.string().nullable(),
    tags: tagsSchema,
    fingerprint: z.string(),
  })
  .meta({ id: 'FeatureView' });

export const onDemandFeatureViewSchema = z
  .strictObject({
    kind: z.literal('on_demand_feature_view'),
    view: z.string(),
    reads_outputs: z
      .array(fieldSchema)
      .nullable()
      .meta({ description: 'Of the post-processing of models: their outputs that it reads; null: a view.' }),
    request: z.array(fieldSchema),
    inputs: z.array(z.string()).meta({ description: 'Features it reads, as `view:feature`.' }),
    schema: z.array(fieldSchema),
    used_by: z.array(z.string()),
    code_sha256: z.string(),
  })
  .meta({ id: 'OnDemandFeatureView' });

export const viewSchema = z.union([featureViewSchema, onDemandFeatureViewSchema]).meta({ id: 'View' });

export const viewsAnswerSchema = z.strictObject({ views: z.array(viewSchema) }).meta({ id: 'ViewsAnswer' });

export const entitiesAnswerSchema = z
  .strictObject({
    entities: z.array(
      z.strictObject({
        entity: z.string(),
        join_keys: z.array(fieldSchema),
        views: z.array(z.string()).meta({ example: ['ad_image@1'] }),
      }),
    ),
  })
  .meta({ id: 'EntitiesAnswer' });

export type FeatureViewAnswer = z.infer<typeof featureViewSchema>;
export type OnDemandFeatureViewAnswer = z.infer<typeof onDemandFeatureViewSchema>;
export type ViewAnswer = z.infer<typeof viewSchema>;
export type ViewsAnswer = z.infer<typeof viewsAnswerSchema>;
export type EntitiesAnswer = z.infer<typeof entitiesAnswerSchema>;
