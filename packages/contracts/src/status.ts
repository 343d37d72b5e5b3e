import { z } from 'zod';
import { countSchema, instantSchema } from './scalars.ts';

const storeSchema = z.strictObject({
  state: z.enum(['ok', 'slow', 'away', 'not_configured']),
  answered_in_ms: countSchema.nullable().meta({ description: 'Null: no answer.' }),
});

export const statusAnswerSchema = z
  .strictObject({
    project: z.string(),
    at: instantSchema,
    attention: z.boolean().meta({ description: 'Something needs a person: a problem with severity `act`.' }),
    problems: z
      .array(
        z.strictObject({
          kind: z.string().meta({ example: 'view_stale' }),
          severity: z.enum(['act', 'note']),
          subject: z.string().meta({ description: 'A view version, a model, a process role or a store.' }),
          since: instantSchema.nullable().meta({ description: 'Null: it cannot be told.' }),
          detail: z.string(),
          next: z.string().nullable().meta({ description: 'The next command, or what to do.' }),
        }),
      )
      .meta({ description: 'Those that need a person first, then the oldest first.' }),
    stores: z.strictObject({ database: storeSchema, redis: storeSchema }),
    processes: z
      .strictObject({ workers: countSchema, slots: countSchema, inference: countSchema })
      .nullable()
      .meta({ description: 'This and what follows is null while PostgreSQL cannot be asked.' }),
    views: z
      .strictObject({
        applied: countSchema,
        filled: countSchema,
        with_objective: countSchema,
        stale: z.array(z.string()),
      })
      .nullable(),
    runs: z
      .strictObject({
        open: countSchema.meta({ description: 'At most 200 are counted.' }),
        waiting: countSchema,
        held: countSchema,
        next_due: z.strictObject({ view: z.string(), at: instantSchema }).nullable(),
      })
      .nullable(),
    queue: z
      .strictObject({
        work_seconds: z.number().meta({ description: 'What one compute thread would need for it.' }),
        rows: countSchema,
        oldest_age_seconds: z.number().meta({ description: 'How long the oldest chunk waits; 0: none.' }),
      })
      .nullable()
      .meta({ description: 'What waits for the workers; also null when it could not be read in time.' }),
    backup: z
      .strictObject({
        archiving: z.boolean().meta({ description: 'PostgreSQL archives its log.' }),
        archived_at: instantSchema.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'StatusAnswer' });

export type StatusAnswer = z.infer<typeof statusAnswerSchema>;
