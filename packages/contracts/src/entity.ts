import { z } from 'zod';
import { countSchema, instantSchema, valueSchema } from './scalars.ts';

const writtenBySchema = z.strictObject({
  run_id: z.string(),
  chunk_id: z.int().nullable().meta({
    description: 'Null for a windowed view whose last change came from a run of several chunks.',
  }),
});

const windowSchema = z.strictObject({
  window: z.string().meta({ example: '7d' }),
  window_ms: z.int().positive(),
  hop_ms: z.int().positive(),
  tiles: countSchema,
  oldest_tile: instantSchema
    .nullable()
    .meta({ description: 'When the oldest of them begins; null: there are none.' }),
});

/** One view version of one entity as the online store holds it, joined with the history row it came from. */
export const entityViewSchema = z
  .strictObject({
    ref: z.string().meta({ example: 'ad_image@1' }),
    view: z.string(),
    version: z.int().positive(),
    status: z.enum(['PRESENT', 'OUTSIDE_MAX_AGE', 'NOT_LOADED', 'UNREADABLE']).meta({
      description:
        'NOT_LOADED: this process does not have the definition, or the row has a newer format, so the values cannot be read. UNREADABLE: the row is damaged, and its times may be wrong; write it again with a forced backfill.',
    }),
    event_timestamp: instantSchema,
    created_timestamp: instantSchema,
    landed_at: instantSchema
      .nullable()
      .meta({ description: 'Null: history has no such row, or cannot be asked now.' }),
    online_at: instantSchema.nullable().meta({
      description:
        'When the online store confirmed the rows of its chunk: served from then on. Null: not confirmed yet, or unknown like landed_at.',
    }),
    revision: countSchema,
    age_ms: z.number(),
    ttl_ms: z.union([z.number().positive(), z.literal('forever')]).nullable(),
    ttl_left_ms: z.number().nonnegative().nullable().meta({ description: 'Null: forever, or not loaded.' }),
    freshness_objective_ms: z.number().positive().nullable().meta({
      description:
        'How old the view as a whole may be; `GET /v1/status` lists those that are older. Null: it has none, or is not loaded.',
    }),
    size_bytes: countSchema,
    written_by: writtenBySchema
      .nullable()
      .meta({ description: 'Of a windowed view: the run that changed its tiles last.' }),
    values: z
      .record(z.string(), valueSchema)
      .nullable()
      .meta({ description: 'Of a windowed view as they are now. Null: the row cannot be read.' }),
    windows: z
      .array(windowSchema)
      .optional()
      .meta({ description: 'The tiles of a windowed view that count now, by window.' }),
  })
  .meta({ id: 'EntityView' });

const failureSchema = z.strictObject({
  run_id: z.string(),
  code: z.string().meta({ example: 'IMAGE_UNREADABLE' }),
  reason: z.string(),
  retryable: z.boolean().meta({ description: 'False: computing the same input again fails the same way.' }),
  attempts: countSchema,
  failed_at: instantSchema,
  retry_at: instantSchema
    .nullable()
    .meta({ description: 'When the run retries the row by itself; null: it does not.' }),
});

/** An applied view version of which the online store holds no row of the entity, and why. */
const missingViewSchema = z
  .strictObject({
    ref: z.string().meta({ example: 'ad_text@1' }),
    view: z.string(),
    version: z.int().positive(),
    reason: z
      .enum([
        'erased',
        'no_events',
        'gone',
        'unknown',
        'landing',
        'lost',
        'failed',
        'expired',
        'running',
        'not_in_source',
        'not_in_scope',
        'never_filled',
      ])
      .meta({
        description:
          'Why, as far as runs and history tell. erased: the entity takes no rows. no_events: the windows of a windowed view are empty, and served as such. gone: the source no longer has it, and a run ended it. unknown: PostgreSQL did not answer. landing: the row is in history and on its way. lost: it is in history and the online store lost it. failed: see `failure`. expired: the newest row is older than the TTL. running: a run has not ended. not_in_source: the newest run over all rows did not find the key. not_in_scope: no run took all rows. never_filled: nothing was computed or pushed yet.',
      }),
    detail: z.string().meta({ description: 'The reason in words, with what to do.' }),
    failure: failureSchema.nullable().meta({ description: 'The newest failure of this key on record.' }),
  })
  .meta({ id: 'MissingView' });

export const entityAnswerSchema = z
  .strictObject({
    entity: z.string(),
    key: z.string(),
    join_keys: z.record(z.string(), valueSchema),
    redis_key: z.string().meta({ example: 'larder:ads:{ad:ad-42}' }),
    memory_bytes: countSchema.meta({ description: 'What Redis takes for the whole key.' }),
    expires_at: instantSchema.nullable().meta({ description: 'When Redis frees the memory; null: never.' }),
    history_available: z.boolean().meta({
      description: 'False: PostgreSQL did not answer; run, chunk, landed_at and online_at are unknown.',
    }),
    views: z.array(entityViewSchema),
    missing: z.array(missingViewSchema),
  })
  .meta({ id: 'EntityAnswer' });

export type EntityView = z.infer<typeof entityViewSchema>;
export type EntityAnswer = z.infer<typeof entityAnswerSchema>;
