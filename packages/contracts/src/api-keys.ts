import { z } from 'zod';
import { instantSchema, isStorable } from './scalars.ts';

const keyIdSchema = z
  .string()
  .regex(/^[0-9A-Za-z]{10}$/, 'must be the id of a key: 10 letters and digits')
  .meta({ description: 'The third part of a key.', example: 'k3Fq9ZtA0b' });

const LONGEST_MS = 36_500 * 86_400_000;
const spanMsSchema = z.int().min(1_000).max(LONGEST_MS);

export const apiKeyParamsSchema = z.strictObject({ id: keyIdSchema });

export const apiKeysQuerySchema = z.strictObject({
  all: z
    .enum(['true', 'false'])
    .optional()
    .meta({ description: '`true`: also keys that are revoked or have expired.' }),
});

const rateSchema = z
  .string()
  .regex(/^[1-9]\d{0,7}\/[smh]$/, 'must be a rate such as 500/s, 60/m or 100/h')
  .meta({ description: 'Requests per second, minute or hour.', example: '500/s' });

const lifetimeSchema = z
  .union([spanMsSchema, z.literal('forever')])
  .meta({ description: 'Milliseconds until the key expires, or `forever`; default 365 days.' });

export const createApiKeySchema = z
  .strictObject({
    name: z
      .string()
      .trim()
      .min(1)
      .max(100)
      .refine((name) => isStorable(name) && !/\p{Cc}/u.test(name), 'must be one line of text')
      .meta({ description: 'Who uses the key, for lists and the audit.', example: 'shop-backend' }),
    environment: z
      .string()
      .optional()
      .meta({ description: 'The second part of the key; default `live`.', example: 'live' }),
    role: z.string().optional().meta({ description: 'A named bundle of scopes.', example: 'caller' }),
    scopes: z
      .array(z.string().max(100))
      .max(100)
      .default([])
      .meta({ description: 'Beside those of the role.', example: ['predict:ad_ctr'] }),
    rate: rateSchema.optional(),
    lifetime_ms: lifetimeSchema.optional(),
  })
  .meta({ id: 'CreateApiKey' });

export const rotateApiKeySchema = z
  .strictObject({
    overlap_ms: z
      .int()
      .min(0)
      .max(LONGEST_MS)
      .optional()
      .meta({ description: 'How long the old secret stays in force; default 24 hours.' }),
    lifetime_ms: lifetimeSchema.optional(),
  })
  .meta({ id: 'RotateApiKey' });

const apiKeyMembers = {
  id: keyIdSchema,
  environment: z.string(),
  name: z.string(),
  role: z.string().nullable(),
  scopes: z.array(z.string()).meta({ description: 'Beside those of the role.' }),
  rate: z.string().nullable().meta({ description: 'Null: no limit.' }),
  status: z.enum(['in_force', 'expired', 'revoked']),
  created_at: instantSchema,
  created_by: z.string(),
  expires_at: instantSchema.nullable().meta({ description: 'Null: never.' }),
  last_used_at: instantSchema.nullable(),
  revoked_at: instantSchema.nullable(),
  revoked_by: z.string().nullable(),
  secrets: z
    .array(z.strictObject({ created_at: instantSchema, expires_at: instantSchema.nullable() }))
    .meta({ description: 'Those in force, the newest first: two during a rotation.' }),
};

export const apiKeySchema = z.strictObject(apiKeyMembers).meta({ id: 'ApiKey' });

export const apiKeysAnswerSchema = z
  .strictObject({ api_keys: z.array(apiKeySchema) })
  .meta({ id: 'ApiKeysAnswer' });

export const newApiKeySchema = z
  .strictObject({
    ...apiKeyMembers,
    key: z.string().meta({ description: 'The key itself, shown this once.' }),
  })
  .meta({ id: 'NewApiKey' });

export type ApiKeyAnswer = z.infer<typeof apiKeySchema>;
export type ApiKeysAnswer = z.infer<typeof apiKeysAnswerSchema>;
export type NewApiKeyAnswer = z.infer<typeof newApiKeySchema>;
export type CreateApiKeyBody = z.input<typeof createApiKeySchema>;
export type RotateApiKeyBody = z.input<typeof rotateApiKeySchema>;
