import { z } from 'zod';
import { countSchema, idSchema, instantSchema, nameSchema } from './scalars.ts';

export const erasureQuerySchema = z.strictObject({
  reason: z.string().min(1).max(500).optional().meta({ description: 'Why; kept in the receipt.' }),
});

const stillHeldSchema = z.object({
  kind: z.enum(['training_set', 'archive']),
  id: z.string(),
  host: z.string().nullable(),
  folder: z.string().nullable(),
  created_at: instantSchema.nullable(),
});

export const receiptSchema = z
  .object({
    receipt_id: idSchema,
    status: z.enum(['running', 'complete']).meta({
      description: 'running: nothing of the key is written any more, and a worker removes the rest.',
    }),
    entity: nameSchema,
    key_hash: z.string().meta({ description: 'Keyed hash of the erased key, hexadecimal; not the key.' }),
    actor: z.string(),
    reason: z.string().nullable(),
    requested_at: instantSchema,
    completed_at: instantSchema.nullable(),
    removed: z
      .record(z.string(), countSchema)
      .meta({ description: 'By place, how much was removed.', example: { online: 3, predictions: 12 } }),
    still_held: z.array(stillHeldSchema).meta({
      description:
        'What still holds the key and is not deleted: training sets, archives out of reach. Not searched: SQL queries that training sets were built with, which are kept as they were given.',
    }),
    allowed_again: z
      .object({ at: instantSchema, actor: z.string(), reason: z.string().nullable() })
      .nullable()
      .meta({ description: 'Who let rows of the key land again after this erasure, and why.' }),
    error: z
      .object({ code: z.string(), reason: z.string() })
      .nullable()
      .meta({ description: 'Why the last attempt stopped.' }),
  })
  .meta({ id: 'ErasureReceipt' });

export const receiptsQuerySchema = z.strictObject({
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(500))
    .default(20)
    .meta({ override: { type: 'integer', minimum: 1, maximum: 500, default: 20 } }),
});

export const receiptsAnswerSchema = z
  .strictObject({ receipts: z.array(receiptSchema).meta({ description: 'Newest first.' }) })
  .meta({ id: 'ErasureReceipts' });

export type ErasureReceipts = z.infer<typeof receiptsAnswerSchema>;
export type ErasureReceipt = z.infer<typeof receiptSchema>;
