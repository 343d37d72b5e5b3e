import { z } from 'zod';
import type { PredictionsFilter } from '../control/control.ts';
import { wrongUsage } from '../verb.ts';

const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant with an offset, such as 2026-11-20T00:00:00Z' })
  .transform((text) => new Date(text))
  .optional();
const bound = z.coerce.number('must be a number').optional();

/** The times of a filter. */
export const timesInput = z.object({ from: instant, to: instant });

/** The options that choose among logged predictions. */
export const filterInput = timesInput.extend({
  version: z.coerce.number().pipe(z.int().positive('must be the number of a version')).optional(),
  alias: z.string().optional(),
  entity: z.string().optional(),
  key: z.string().optional(),
  degraded: z.boolean().optional(),
  minOutput: bound,
  maxOutput: bound,
});

export type FilterInput = z.infer<typeof filterInput>;

/** @throws REQUEST_INVALID */
export function filterOf(model: string | undefined, typed: FilterInput): PredictionsFilter {
  const { version, alias, entity, key, degraded, minOutput, maxOutput, from, to } = typed;
  if ((entity === undefined) !== (key === undefined))
    throw wrongUsage('predictions', [{ pointer: '--entity, --key', detail: 'go together' }]);
  return { model, version, alias, entity, key, degraded, minOutput, maxOutput, from, to };
}
