import { z } from 'zod';
import { instantSchema, nameSchema } from './scalars.ts';

export const aliasParamsSchema = z.strictObject({
  model: nameSchema,
  alias: nameSchema.meta({ description: 'Never a number.', example: 'champion' }),
});

const moveIdSchema = z.int().positive();
const versionSchema = z.int().positive();
const reasonSchema = z.string().trim().min(1).max(2_000);
/** How long a move waits for the inference processes before it answers that some do not have it yet. */
export const MAX_MOVE_WAIT_MS = 10_000;
const waitSchema = z
  .int()
  .min(0)
  .max(MAX_MOVE_WAIT_MS)
  .optional()
  .meta({ description: 'How long to wait for the inference processes; default 10,000, 0: not at all.' });

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

export const aliasMoveSchema = z
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
    reason: reasonSchema.meta({ description: 'Why; kept on record.' }),
    accept_incomplete: z
      .boolean()
      .optional()
      .meta({ description: 'Also a version whose views are still being filled.' }),
    wait_ms: waitSchema,
  })
  .meta({ id: 'PutAliasRequest' });

export const rollbackRequestSchema = z
  .strictObject({ reason: reasonSchema.meta({ description: 'Why; kept on record.' }), wait_ms: waitSchema })
  .meta({ id: 'RollbackRequest' });

export const dropAliasQuerySchema = z.strictObject({
  reason: reasonSchema.meta({ description: 'Why; kept on record.' }),
});

export const aliasMoveParamsSchema = aliasParamsSchema.extend({
  move_id: z.coerce
    .number()
    .pipe(moveIdSchema)
    .meta({ override: { type: 'integer', minimum: 1 } }),
});

const moveResultMembers = {
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
};

export const putAliasAnswerSchema = z.strictObject(moveResultMembers).meta({ id: 'PutAliasAnswer' });

export const moveStandingSchema = z
  .strictObject({
    ...moveResultMembers,
    version: versionSchema.nullable().meta({ description: 'Null: the move dropped the alias.' }),
    replaced_by: moveIdSchema
      .nullable()
      .meta({ description: 'The newest move of the alias, if that is a later one.' }),
  })
  .meta({ id: 'MoveStanding' });

export type AliasAnswer = z.infer<typeof aliasSchema>;
export type AliasesAnswer = z.infer<typeof aliasesAnswerSchema>;
export type AliasMoveAnswer = z.infer<typeof aliasMoveSchema>;
export type MoveStandingAnswer = z.infer<typeof moveStandingSchema>;
export type PutAliasAnswer = z.infer<typeof putAliasAnswerSchema>;
