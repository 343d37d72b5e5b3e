import { z } from 'zod';
import { instantSchema } from './scalars.ts';

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
  })
  .meta({ id: 'ApplyRequest' });

const changeSchema = z.strictObject({
  action: z.enum(['create', 'change', 'remove', 'keep']),
  subject: z.string(),
  text: z.string(),
  destructive: z.boolean(),
});

const manifestIdSchema = z.int().positive();

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
    pending_migrations: z.array(z.string()),
  })
  .meta({ id: 'PlanAnswer' });

export const applyAnswerSchema = z
  .strictObject({
    project: z.string(),
    manifest_id: manifestIdSchema,
    changes: z.array(changeSchema).meta({ description: 'Empty: everything was applied already.' }),
    retained: z.array(z.string()),
    model_versions: z.record(z.string(), z.int().positive()),
  })
  .meta({ id: 'ApplyAnswer' });

export type PlanAnswer = z.infer<typeof planAnswerSchema>;
export type ApplyAnswer = z.infer<typeof applyAnswerSchema>;
