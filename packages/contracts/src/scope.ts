import { z } from 'zod';
import { fieldsSchema, instantSchema } from './scalars.ts';

export const MAX_SCOPE_ENTITIES = 10_000;

const SHAPES =
  'one of {"all": true}, {"missing": true}, {"entities": [{join keys}, …]} and {"event_time": {"from": …, "to": …}}';

/** Which rows of the source a backfill takes. */
export const backfillScopeSchema = z
  .union(
    [
      z.strictObject({ all: z.literal(true) }),
      z.strictObject({ entities: z.array(fieldsSchema).min(1).max(MAX_SCOPE_ENTITIES) }),
      z.strictObject({
        event_time: z
          .strictObject({ from: instantSchema, to: instantSchema })
          .refine(({ from, to }) => Date.parse(from) < Date.parse(to), {
            message: 'must be before to',
            path: ['from'],
          }),
      }),
      z.strictObject({ missing: z.literal(true) }),
    ],
    { error: ({ input }) => (input === undefined ? `is missing; give ${SHAPES}` : `must be ${SHAPES}`) },
  )
  .meta({ id: 'BackfillScope' });

export type BackfillScope = z.infer<typeof backfillScopeSchema>;
