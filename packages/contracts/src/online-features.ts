import { z } from 'zod';
import { fieldsSchema, instantSchema, valueSchema } from './scalars.ts';

export const MAX_ONLINE_FEATURES = 500;
export const MAX_ONLINE_ENTITIES = 1_000;

export const featureRefSchema = z
  .string()
  .regex(
    /^[a-z][a-z0-9_]{0,39}(@[1-9]\d{0,8})?(:[a-z][a-z0-9_]{0,39})?$/,
    'must be a feature, such as ad_image:brightness or ad_image@2:brightness, or a view, such as ad_stats',
  )
  .meta({
    description: 'A feature, or a view for all its features; without @version the newest applied version.',
    example: 'ad_image:brightness',
  });

export const onlineFeaturesRequestSchema = z
  .strictObject({
    features: z.array(featureRefSchema).min(1).max(MAX_ONLINE_FEATURES),
    entities: z
      .array(fieldsSchema)
      .min(1)
      .max(MAX_ONLINE_ENTITIES)
      .meta({ description: 'Per row the join keys of every view that is asked for.' }),
  })
  .meta({
    id: 'OnlineFeaturesRequest',
    example: { features: ['ad_image:brightness', 'ad_stats'], entities: [{ ad_id: 'ad-1' }] },
  });

export const onlineFeaturesAnswerSchema = z
  .strictObject({
    features: z.array(z.string()).meta({ description: 'What stands at each place of `values`.' }),
    views: z.array(z.string()).meta({ description: 'What stands at each place of `rows[].views`.' }),
    rows: z
      .array(
        z.strictObject({
          values: z
            .array(valueSchema)
            .meta({ description: 'A null inside a PRESENT view is a null of the source.' }),
          views: z.array(
            z.strictObject({
              status: z.enum(['PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE']),
              event_timestamp: instantSchema.nullable(),
            }),
          ),
        }),
      )
      .meta({ description: 'In the order of `entities`.' }),
  })
  .meta({ id: 'OnlineFeaturesAnswer' });

export type OnlineFeaturesRequest = z.infer<typeof onlineFeaturesRequestSchema>;
export type OnlineFeaturesAnswer = z.infer<typeof onlineFeaturesAnswerSchema>;
