import { z } from 'zod';
import { countSchema, instantSchema } from './scalars.ts';

export const processSchema = z
  .strictObject({
    process_id: z.string().meta({ description: 'New at every start.' }),
    role: z.enum(['worker', 'inference']),
    host: z.string(),
    pid: z.int(),
    larder_version: z.string(),
    views: z
      .array(
        z.strictObject({
          ref: z.string().meta({ example: 'ad_image@1' }),
          fingerprint: z.string(),
          lacks_connection: z.string().nullable().meta({
            description:
              'The connection of its source, if that has no address in this process: others take its runs.',
          }),
        }),
      )
      .meta({ description: 'View versions whose code a worker has: it computes runs of these alone.' }),
    models: z
      .array(
        z.strictObject({
          model: z.string(),
          version: z.int().positive().nullable().meta({ description: 'Null: none could be loaded yet.' }),
          ready: z.boolean().meta({
            description: 'Loaded, checked and warm, and none of its aliases has a problem.',
          }),
          reads: z.array(z.string()).meta({ example: ['ad_image@1'] }),
          aliases: z
            .array(
              z.strictObject({
                alias: z.string(),
                move_id: z
                  .int()
                  .nullable()
                  .meta({ description: 'The move in force here; null: nobody has moved the alias.' }),
                problem: z
                  .strictObject({ move_id: z.int().nullable(), version: z.int(), reason: z.string() })
                  .nullable()
                  .meta({ description: 'Why what the alias points to now is not in force here.' }),
              }),
            )
            .meta({ description: 'The aliases that this version answers for here.' }),
        }),
      )
      .meta({ description: 'Model versions that an inference process has in service.' }),
    slots: countSchema.nullable().meta({ description: 'Compute threads; null: it computes nothing.' }),
    started_at: instantSchema,
    heartbeat_at: instantSchema,
  })
  .meta({ id: 'Process' });

export const processesAnswerSchema = z
  .strictObject({ processes: z.array(processSchema) })
  .meta({ id: 'ProcessesAnswer' });

export type ProcessesAnswer = z.infer<typeof processesAnswerSchema>;
