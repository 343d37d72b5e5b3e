import { z } from 'zod';
import { countSchema } from './scalars.ts';

const secondsSchema = z.number().nonnegative();

/** Answer of `GET /v1/queue/pressure`. */
export const pressureAnswerSchema = z
  .strictObject({
    work_seconds: secondsSchema.meta({
      description:
        'Seconds that one compute thread would need for every row that waits or runs. An autoscaler divides it by the seconds that it wants per thread.',
    }),
    oldest_age_seconds: secondsSchema.meta({
      description: 'How long the oldest waiting chunk waits, without pauses; 0: none waits. For alerts.',
    }),
    slots: countSchema.meta({ description: 'Compute threads of the living workers.' }),
    workers: countSchema,
    rows: countSchema.meta({ description: 'Rows that wait or run.' }),
    views: z.array(
      z.strictObject({
        view: z.string().meta({ example: 'ad_image@1' }),
        rows: countSchema,
        seconds_per_row: secondsSchema.meta({ description: 'Time of one compute thread.' }),
        measured: z.boolean().meta({ description: 'False: no run has measured it yet; it is assumed.' }),
        work_seconds: secondsSchema,
      }),
    ),
  })
  .meta({ id: 'PressureAnswer' });

export type PressureAnswer = z.infer<typeof pressureAnswerSchema>;
