import { z } from 'zod';
import { instantSchema, nameSchema } from './scalars.ts';

export const aliasParamsSchema = z.strictObject({
  model: nameSchema,
  alias: nameSchema.meta({ description: 'Never a number.', example: 'champion' }),
});

const moveIdSchema = z.int().positive();
const versionSchema = z.int().positive();

/** Only what changes by a move, so that the ETag holds for the whole of it. */
const aliasMembers = {
  model: z.string(),
  alias: z.string(),
  version: versionSchema,
  move_id: moveIdSchema.nullable().meta({
    description:
      'The move that put it there; null: nobody has moved it, it follows the newest complete version.',
  }),
  kind: z.enum(['promote', 'rollback', 'drop']).nullable(),
  actor: z.string().nullable(),
  reason: z.string().nullable(),
  moved_at: instantSchema.nullable(),
};

export const aliasSchema = z.strictObject(aliasMembers).meta({ id: 'Alias' });

const aliasMoveSchema = z
  .strictObject({
    move_id: moveIdSchema,
    alias: z.string(),
    kind: z.enum(['promote', 'rollback', 'drop']),
    from_version: versionSchema.nullable().meta({ description: 'Null: the alias did not exist.' }),
    to_version: versionSchema.nullable().meta({ description: 'Null: the alias was dropped.' }),
    actor: z.string(),
    reason: z.string(),
    moved_at: instantSchema,
  })
  .meta({ id: 'AliasMove' });

export const MAX_LISTED_MOVES = 100;

export const aliasesAnswerSchema = z
  .strictObject({
    aliases: z.array(aliasSchema),
    moves: z
      .array(aliasMoveSchema)
      .max(MAX_LISTED_MOVES)
      .meta({ description: 'Of all aliases of the model, newest first.' }),
  })
  .meta({ id: 'AliasesAnswer' });

export const aliasHeadersSchema = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'The ETag of the alias, or `*`: whatever it points to.', example: '"12"' }),
  'if-none-match': z.literal('*').optional().meta({ description: '`*`: nobody has moved the alias.' }),
});

export const putAliasRequestSchema = z
  .strictObject({
    version: versionSchema,
    reason: z.string().trim().min(1).max(2_000).meta({ description: 'Why; kept on record.' }),
    accept_incomplete: z
      .boolean()
      .optional()
      .meta({ description: 'Also a version whose views are still being filled.' }),
  })
  .meta({ id: 'PutAliasRequest' });

export const putAliasAnswerSchema = z
  .strictObject({
    ...aliasMembers,
    from_version: versionSchema.nullable().meta({ description: 'Null: the alias did not exist.' }),
    changed: z.boolean().meta({ description: 'False: the alias was there already.' }),
    in_force: z
      .boolean()
      .nullable()
      .meta({ description: 'Every living inference process answers with it; null: nobody waited.' }),
    processes: z.array(
      z.strictObject({
        process_id: z.string(),
        host: z.string(),
        pid: z.int(),
        in_force: z.boolean(),
        failed: z.boolean().meta({ description: 'It has tried, and will not without something changing.' }),
        reason: z.string().nullable(),
      }),
    ),
  })
  .meta({ id: 'PutAliasAnswer' });

export type AliasAnswer = z.infer<typeof aliasSchema>;
export type AliasesAnswer = z.infer<typeof aliasesAnswerSchema>;
export type PutAliasAnswer = z.infer<typeof putAliasAnswerSchema>;
