import { z } from 'zod';
import { postprocessSchema } from './post-processing.ts';
import { aliasSchema } from './aliases.ts';
import { countSchema, instantSchema, nameSchema, valueSchema } from './scalars.ts';
import { fieldSchema } from './views.ts';

export const modelVersionSchema = z
  .strictObject({
    model: z.string(),
    version: z.int().positive(),
    state: z.enum(['complete', 'filling', 'bad', 'collected']).meta({
      description:
        '`filling`: its views have not landed their declared share yet; `collected`: its artifact is no longer kept.',
    }),
    coverage: z
      .strictObject({
        wanted: z.number(),
        views: z.array(
          z.strictObject({
            ref: z.string().meta({ example: 'ad_image@2' }),
            share: z.number(),
            landed: countSchema,
            expected: countSchema.nullable(),
          }),
        ),
      })
      .nullable()
      .meta({ description: 'How far a version that is filling has come; otherwise null.' }),
    aliases: z.array(z.string()),
    applied_at: instantSchema,
    actor: z.string().nullable(),
    manifest_id: z.int(),
    complete_at: instantSchema.nullable(),
    promote_when_complete: z
      .strictObject({
        alias: z.string(),
        actor: z.string(),
        reason: z.string(),
        refused: z.strictObject({ code: z.string(), detail: z.string(), at: instantSchema }).nullable(),
      })
      .nullable(),
    collected_at: instantSchema.nullable(),
    bad: z
      .strictObject({ actor: z.string(), reason: z.string(), marked_at: instantSchema })
      .nullable()
      .meta({ description: 'Who marked it as bad, and why.' }),
    artifact: z.strictObject({ path: z.string(), sha256: z.string() }),
    inputs: z.array(z.string()).meta({ example: ['ad_image@1:embedding', 'moment:hour_sin'] }),
    outputs: z.array(fieldSchema).meta({ description: 'What a caller gets.' }),
    postprocess: postprocessSchema,
    training: valueSchema.meta({ description: 'The `training.json` of its artifact; null: there is none.' }),
    measured: valueSchema.meta({ description: 'What apply measured; null: nothing.' }),
  })
  .meta({ id: 'ModelVersion' });

export const modelVersionsAnswerSchema = z
  .strictObject({
    versions: z.array(modelVersionSchema).meta({ description: 'Newest first.' }),
  })
  .meta({ id: 'ModelVersionsAnswer' });

export const modelVersionParamsSchema = z.strictObject({
  model: nameSchema,
  version: z.coerce
    .number()
    .pipe(
      z
        .int()
        .positive()
        .max(2 ** 31 - 1),
    )
    .meta({ override: { type: 'integer', minimum: 1 } }),
});

export const markRequestSchema = z
  .strictObject({
    mark: z.enum(['bad', 'good']).meta({
      description: 'A bad version is neither promoted nor rolled back to; aliases that point to it stay.',
    }),
    reason: z.string().trim().min(1).max(2_000).meta({ description: 'Why; kept on record.' }),
  })
  .meta({ id: 'MarkRequest' });

export const modelRecordsAnswerSchema = z
  .strictObject({
    models: z.array(
      z.strictObject({
        model: z.string(),
        versions: countSchema.meta({ description: 'How many are on record.' }),
        newest: z.int().positive(),
        aliases: z.array(aliasSchema),
      }),
    ),
  })
  .meta({ id: 'ModelRecordsAnswer' });

export type ModelRecordsAnswer = z.infer<typeof modelRecordsAnswerSchema>;
export type ModelVersionAnswer = z.infer<typeof modelVersionSchema>;
export type ModelVersionsAnswer = z.infer<typeof modelVersionsAnswerSchema>;
