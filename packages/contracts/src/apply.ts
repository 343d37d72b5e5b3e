import { z } from 'zod';
import { runStatusSchema } from './runs.ts';
import { countSchema, idSchema, instantSchema } from './scalars.ts';

const leniency = {
  prune: z
    .boolean()
    .default(false)
    .meta({ description: 'Drop what is applied and not in the definitions any more.' }),
  same_meaning: z
    .boolean()
    .default(false)
    .meta({ description: 'Functions whose code changed return the same values; kept on record.' }),
};

export const planRequestSchema = z.strictObject(leniency).meta({ id: 'PlanRequest' });

export const applyRequestSchema = z
  .strictObject({
    ...leniency,
    yes: z.boolean().default(false).meta({
      description: 'Also apply changes that stop something, or that take the project back.',
    }),
    backfill: z
      .boolean()
      .default(false)
      .meta({ description: 'Queue a run for each view version that nothing has filled.' }),
    promote_when_complete: z.boolean().default(false).meta({
      description: 'Promote new model versions to champion once their views are filled. Needs `reason`.',
    }),
    reason: z
      .string()
      .trim()
      .min(1)
      .max(2_000)
      .optional()
      .meta({ description: 'Why they are promoted; kept on record.' }),
  })
  .refine((body) => !body.promote_when_complete || body.reason !== undefined, {
    path: ['reason'],
    error: 'must say why, with promote_when_complete',
  })
  .meta({ id: 'ApplyRequest' });

const changeSchema = z.strictObject({
  action: z.enum(['create', 'change', 'remove', 'keep']),
  subject: z.string(),
  text: z.string(),
  destructive: z.boolean(),
});

const manifestIdSchema = z.int().positive();

const amountSchema = z.number().nonnegative().nullable();

const fillSchema = z
  .strictObject({
    view: z.string(),
    rows: countSchema.nullable(),
    rows_from: z.enum(['source', 'run']).nullable().meta({
      description: 'Counted in the source, or those of a run of another version. Null: unknown.',
    }),
    source_problem: z.string().nullable().meta({ description: 'Why the source could not be counted.' }),
    history_bytes: amountSchema,
    redis_bytes: amountSchema,
    minutes: amountSchema,
    rows_per_second: amountSchema,
    measured_in: z.string().nullable().meta({ description: 'The view version whose run had this rate.' }),
  })
  .meta({ description: 'An estimate; null: unknown.' });

export const planAnswerSchema = z
  .strictObject({
    project: z.string(),
    applied_id: manifestIdSchema
      .nullable()
      .meta({ description: 'What this was compared with; null: nothing.' }),
    applied_by: z.string().nullable(),
    applied_at: instantSchema.nullable(),
    changes: z.array(changeSchema),
    refusals: z
      .array(
        z.strictObject({ code: z.string(), subject: z.string(), pointer: z.string(), message: z.string() }),
      )
      .meta({ description: 'Not empty: applying fails.' }),
    retained: z.array(z.string()).meta({ description: 'Applied, and not in the definitions.' }),
    older: z
      .array(z.strictObject({ subject: z.string(), text: z.string() }))
      .meta({ description: 'Why the definitions look older than what is applied.' }),
    readers: z
      .array(
        z.strictObject({
          view: z.string(),
          model: z.string(),
          version: z.int().positive(),
          aliases: z.array(z.string()),
        }),
      )
      .meta({ description: 'Model versions that read a view which pruning drops.' }),
    not_scheduled: z.array(z.string()),
    warnings: z.array(z.string()).meta({
      description:
        'What is allowed and probably not meant: a freshness objective that the schedule cannot keep.',
    }),
    pending_migrations: z.array(z.string()),
    chains: z
      .array(
        z.strictObject({
          view: z.string(),
          steps: z.array(z.array(z.string())).meta({
            description: 'View versions, each step computed from earlier ones alone; the last is the view.',
          }),
        }),
      )
      .meta({
        description: 'What is computed before each new or changed view that is computed from others.',
      }),
    fills: z
      .array(fillSchema)
      .meta({ description: 'What each view version takes to fill that nothing has filled.' }),
  })
  .meta({ id: 'PlanAnswer' });

export const applyAnswerSchema = z
  .strictObject({
    project: z.string(),
    manifest_id: manifestIdSchema,
    changes: z.array(changeSchema).meta({ description: 'Empty: everything was applied already.' }),
    retained: z.array(z.string()),
    model_versions: z.record(z.string(), z.int().positive()),
    backfills: z
      .array(z.strictObject({ view: z.string(), run_id: idSchema, status: runStatusSchema }))
      .meta({ description: 'The runs that this apply queued.' }),
    promotions: z
      .array(
        z.strictObject({
          model: z.string(),
          version: z.int().positive(),
          promoted: z.boolean().meta({ description: 'False: as soon as the version is complete.' }),
        }),
      )
      .meta({ description: 'What this apply asked to promote.' }),
  })
  .meta({ id: 'ApplyAnswer' });

export type PlanAnswer = z.infer<typeof planAnswerSchema>;
export type ApplyAnswer = z.infer<typeof applyAnswerSchema>;
