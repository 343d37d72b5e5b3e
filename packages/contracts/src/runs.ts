import { z } from 'zod';
import { countSchema, cursorSchema, idSchema, instantSchema, viewNameSchema } from './scalars.ts';

export const RUN_STATUSES = [
  'queued',
  'running',
  'paused',
  'held',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const;
/** A run in one of these never changes by itself again. */
export const FINAL_RUN_STATUSES = ['succeeded', 'partial', 'failed', 'cancelled'] as const;

export const runStatusSchema = z.enum(RUN_STATUSES);

const runScopeSchema = z.strictObject({
  kind: z.enum(['all', 'missing', 'entities', 'event_time', 'pushed', 'chained']),
  entities: countSchema.optional().meta({ description: 'How many, of kind `entities`.' }),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
});

export const runSchema = z
  .strictObject({
    run_id: idSchema,
    view: z.string(),
    version: z.int().positive(),
    trigger: z.string(),
    revision: countSchema,
    status: runStatusSchema,
    rows: z.strictObject({
      total: countSchema.nullable().meta({ description: 'Null until the source was counted.' }),
      done: countSchema,
      failed: countSchema,
      skipped_unchanged: countSchema,
    }),
    rows_per_second: z.number().nullable(),
    eta_seconds: z.number().nullable(),
    error: z.strictObject({ code: z.string(), reason: z.string() }).nullable().meta({
      description: 'Why the run as a whole failed, or could not be planned yet; rows have their own reasons.',
    }),
    waiting_for: z.enum(['view', 'worker', 'code', 'source']).nullable().meta({
      description:
        'Why a queued or running run does not go on: its view version was removed, no worker runs, none has its code, or none that has it has an address for its source. Null: it waits for nobody.',
    }),
    waiting_detail: z.string().nullable().meta({ description: 'The same in words, with what to do.' }),
    scope: runScopeSchema.optional().meta({ description: 'Which rows it takes; not in events.' }),
    created_at: instantSchema,
    started_at: instantSchema.nullable(),
    finished_at: instantSchema.nullable(),
  })
  .meta({ id: 'Run' });

export const runParamsSchema = z.strictObject({ id: z.string() });

const limitSchema = z.coerce
  .number()
  .pipe(z.int().min(1).max(500))
  .optional()
  .meta({ override: { type: 'integer', minimum: 1, maximum: 500 } });

export const runsQuerySchema = z.strictObject({
  view: viewNameSchema.optional().meta({
    description: 'Runs of every version of a view, or of one: `ad_image@1`.',
  }),
  status: runStatusSchema.optional(),
  cursor: cursorSchema.optional(),
  limit: limitSchema,
});

export const runsAnswerSchema = z
  .strictObject({ runs: z.array(runSchema), cursor: z.string().nullable() })
  .meta({ id: 'RunsAnswer' });

export const failuresQuerySchema = z.strictObject({ cursor: cursorSchema.optional(), limit: limitSchema });

export const rowFailureSchema = z
  .strictObject({
    key: z.string().nullable().meta({
      description: "The row's entity key; null: a whole chunk failed, or the row had no readable key.",
      example: 'ad-13',
    }),
    code: z.string().meta({ example: 'PICTURE_TOO_LARGE' }),
    reason: z.string(),
    retryable: z.boolean(),
    attempts: countSchema,
    row_kept: z.boolean().meta({
      description: 'False: a row of a push that was rejected; `retry-failed` cannot compute it again.',
    }),
    failed_at: instantSchema,
  })
  .meta({ id: 'RowFailure' });

export const failuresAnswerSchema = z
  .strictObject({ failures: z.array(rowFailureSchema), cursor: z.string().nullable() })
  .meta({ id: 'FailuresAnswer' });

export const runGraphAnswerSchema = z
  .strictObject({
    runs: z.array(runSchema).meta({
      description: 'The run, the runs that fed it and those that it fed, in the order of their revisions.',
    }),
    links: z.array(z.strictObject({ parent_run_id: idSchema, run_id: idSchema })).meta({
      description: 'Rows that the parent run landed became rows of the run.',
    }),
  })
  .meta({ id: 'RunGraphAnswer' });

export type RunGraphAnswer = z.infer<typeof runGraphAnswerSchema>;
export type Run = z.infer<typeof runSchema>;
export type RunStatus = z.infer<typeof runStatusSchema>;
export type RunsQuery = z.infer<typeof runsQuerySchema>;
export type RunsAnswer = z.infer<typeof runsAnswerSchema>;
export type RunRowFailure = z.infer<typeof rowFailureSchema>;
export type FailuresAnswer = z.infer<typeof failuresAnswerSchema>;
