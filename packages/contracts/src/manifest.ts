import { z } from 'zod';
import { instantSchema } from './scalars.ts';

const manifestSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: 'Entities, views, models and sources, as `docs/reference/manifest.md` has them.' });

export const manifestAnswerSchema = z
  .strictObject({
    project: z.string(),
    larder_version: z.string().meta({ description: 'Of the process that answers.' }),
    applied: z
      .strictObject({
        manifest_id: z.int().positive(),
        applied_at: instantSchema,
        applied_by: z.string().nullable(),
        manifest: manifestSchema,
      })
      .nullable()
      .meta({ description: 'Null: nothing is applied yet.' }),
    loaded: manifestSchema.meta({
      description: 'The definitions that the process was started with: what `POST /v1/apply` applies.',
    }),
  })
  .meta({ id: 'ManifestAnswer' });

export type ManifestAnswer = z.infer<typeof manifestAnswerSchema>;
