import { z } from 'zod';
import { cursorSchema, viewNameSchema } from './scalars.ts';

export const MAX_KEYS_PER_PAGE = 1_000;

export const entityKeysQuerySchema = z.strictObject({
  view: viewNameSchema.optional().meta({ description: 'Only entities that hold this view.' }),
  cursor: cursorSchema.optional(),
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(MAX_KEYS_PER_PAGE))
    .optional()
    .meta({
      description: 'A page may hold a few more or fewer; a null cursor is the end.',
      override: { type: 'integer', minimum: 1, maximum: MAX_KEYS_PER_PAGE },
    }),
});

export const entityKeysAnswerSchema = z
  .strictObject({
    entity: z.string(),
    keys: z.array(z.string()).meta({
      description: 'In no order; a key of an earlier page may come again.',
      example: ['ad-42'],
    }),
    cursor: z.string().nullable(),
  })
  .meta({ id: 'EntityKeysAnswer' });

export type EntityKeysAnswer = z.infer<typeof entityKeysAnswerSchema>;
