import { z } from 'zod';
import { cursorSchema, idSchema, instantSchema, nameSchema } from './scalars.ts';

export const MAX_AUDIT_ENTRIES_PER_PAGE = 500;

const text = z.string().min(1).max(256);

export const auditQuerySchema = z.strictObject({
  actor: text.optional(),
  key_id: text.optional().meta({ description: 'Of an API key.' }),
  action: z
    .string()
    .regex(/^[a-z-]+\.[a-z-]+$/, 'must be an action, such as alias.move')
    .optional(),
  subject: text.optional().meta({ example: 'model ad_ctr@champion' }),
  request_id: text.optional(),
  outcome: z.enum(['done', 'refused']).optional(),
  entity: nameSchema.optional().meta({ description: 'With `key`: entries about one entity.' }),
  key: z.string().max(1_024).optional().meta({
    description: 'Join keys as in `GET /v1/entities/{entity}/{key}`.',
    example: 'ad-42',
  }),
  from: instantSchema.optional(),
  to: instantSchema.optional().meta({ description: 'Before this instant.' }),
  cursor: cursorSchema.optional(),
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(MAX_AUDIT_ENTRIES_PER_PAGE))
    .optional()
    .meta({
      description: 'Default 50.',
      override: { type: 'integer', minimum: 1, maximum: MAX_AUDIT_ENTRIES_PER_PAGE },
    }),
});

export const auditAnswerSchema = z
  .strictObject({
    entries: z.array(
      z.strictObject({
        audit_id: idSchema,
        at: instantSchema,
        actor: z.string(),
        key_id: z.string().nullable(),
        action: z.string().meta({ example: 'alias.move' }),
        subject: z.string().meta({ description: 'An entity is named by a hash of its key.' }),
        request_id: z.string().nullable(),
        address: z.string().nullable(),
        before: z.string().nullable(),
        after: z.string().nullable(),
        outcome: z.enum(['done', 'refused']),
        code: z.string().nullable().meta({ description: 'Why the call was refused.' }),
        calls: z.int().positive().meta({ description: 'Refused calls that the entry stands for.' }),
      }),
    ),
    cursor: z.string().nullable(),
  })
  .meta({ id: 'AuditAnswer' });

export type AuditAnswer = z.infer<typeof auditAnswerSchema>;
