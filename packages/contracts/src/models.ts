import { z } from 'zod';
import { postprocessSchema } from './post-processing.ts';
import { fieldSchema } from './views.ts';

export const modelSchema = z
  .strictObject({
    model: z.string(),
    version: z.int().positive().nullable().meta({
      description: 'The version that this process answers with by default; null: none, `problem` says why.',
    }),
    problem: z.strictObject({ code: z.string(), reason: z.string() }).nullable().meta({
      description: 'Why an alias is not answered by the version that it points to; another may still answer.',
    }),
    aliases: z
      .array(
        z.strictObject({
          alias: z.string().meta({ example: 'champion' }),
          version: z.int().positive().meta({ description: 'The version that it points to.' }),
          served: z
            .int()
            .positive()
            .nullable()
            .meta({ description: 'The version that this process answers with; null: none.' }),
        }),
      )
      .meta({ description: 'The first is `champion`, which answers by default.' }),
    versions_loaded: z
      .array(z.int().positive())
      .meta({ description: 'Versions in the memory of this process.', example: [2, 3] }),
    inputs: z.array(z.string()).meta({
      description: 'Features in the order of the tensor, as `view@version:feature`.',
      example: ['ad_image@1:embedding', 'moment:hour_sin'],
    }),
    join_keys: z
      .array(fieldSchema)
      .nullable()
      .meta({ description: 'What a caller sends; null: not served.' }),
    request: z.array(fieldSchema).nullable(),
    outputs: z.array(fieldSchema).meta({ description: 'What a caller gets.' }),
    postprocess: postprocessSchema,
    artifact: z.strictObject({ path: z.string(), sha256: z.string() }),
    placement: z
      .enum(['inline', 'pool'])
      .nullable()
      .meta({ description: 'Where it runs, chosen by timing at load; null: not served.' }),
    missing: z.union([z.literal('nan'), z.number()]),
    when_store_unavailable: z.enum(['defaults', 'fail']),
    deadline_ms: z.number().positive(),
    owner: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
  })
  .meta({ id: 'Model' });

export const modelsAnswerSchema = z
  .strictObject({ models: z.array(modelSchema) })
  .meta({ id: 'ModelsAnswer' });

export const modelInputsQuerySchema = z.strictObject({
  version: z
    .string()
    .regex(/^([1-9]\d{0,8}|[a-z][a-z0-9_]{0,39})$/, 'must be the number of a version, or an alias')
    .optional()
    .meta({ description: 'As in the options of a prediction; default: `champion`.' }),
});

export const modelInputsAnswerSchema = z
  .strictObject({
    model: z.string(),
    version: z.int().positive(),
    join_keys: z.array(fieldSchema).meta({ description: 'The members of `entities`.' }),
    request: z.array(fieldSchema).meta({ description: 'The members of `request`.' }),
  })
  .meta({ id: 'ModelInputs' });

export type ModelInputsAnswer = z.infer<typeof modelInputsAnswerSchema>;
export type ModelAnswer = z.infer<typeof modelSchema>;
export type ModelsAnswer = z.infer<typeof modelsAnswerSchema>;
