import { z } from 'zod';

export const liveAnswerSchema = z.strictObject({ status: z.literal('live') }).meta({ id: 'LiveAnswer' });

export const readyAnswerSchema = z
  .strictObject({
    status: z.enum(['ready', 'not_ready']),
    degraded: z.boolean().meta({ description: 'Whether any check is degraded.' }),
    checks: z.array(
      z.strictObject({
        name: z.string().meta({ example: 'model ad_ctr' }),
        ready: z.boolean().meta({ description: 'False keeps traffic away from this process.' }),
        degraded: z.boolean().meta({ description: 'True: it does not work as applied; the rest goes on.' }),
        detail: z
          .string()
          .optional()
          .meta({ description: 'What is wrong and what to do; when not degraded, something to know.' }),
      }),
    ),
  })
  .meta({ id: 'ReadyAnswer' });

export type ReadyAnswer = z.infer<typeof readyAnswerSchema>;
