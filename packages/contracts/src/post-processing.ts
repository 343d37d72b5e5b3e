import { z } from 'zod';
import { fieldSchema } from './views.ts';

/** Of a model, and of each of its versions. */
export const postprocessSchema = z
  .strictObject({
    name: z.string(),
    outputs: z.array(fieldSchema).meta({ description: 'What the artifact gives, and it reads.' }),
    request: z.array(fieldSchema),
  })
  .nullable()
  .meta({ description: 'The function that turns what the artifact gives into `outputs`; null: none.' });
