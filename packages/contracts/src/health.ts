import { z } from 'zod';

export const liveAnswerSchema = z.strictObject({ status: z.literal('live') }).meta({ id: 'LiveAnswer' });

export const readyAnswerSchema = z
  .strictObject({
    status: z.enum(['ready', 'not_ready']),
    checks: z.array(
      z.strictObject({
        name: z.string().meta({ example: 'model ad_ctr' }),
        ready: z.boolean(),
        detail: z
          .string()
          .optional()
          .meta({ description: 'What is wrong and what to do; only when not ready.' }),
      }),
    ),
  })
  .meta({ id: 'ReadyAnswer' });

export type ReadyAnswer = z.infer<typeof readyAnswerSchema>;
