import { entityKey, parseEntityKey } from '@larder/features';
import { loggedKeys, type PredictionFilter } from '@larder/offline-store';
import { z } from 'zod';
import type { Session } from '../session.ts';
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

/** @throws REQUEST_INVALID, ENTITY_KEY_INVALID */
export async function filterOf(
  session: Session,
  model: string | undefined,
  typed: FilterInput,
): Promise<PredictionFilter> {
  const { version, alias, degraded, minOutput, maxOutput, from, to } = typed;
  const project = await session.projectName();
  const entityKeys = await entityKeysOf(session, project, typed);
  return { project, model, version, alias, entityKeys, degraded, minOutput, maxOutput, from, to };
}

async function entityKeysOf(
  session: Session,
  project: string,
  { entity: name, key }: FilterInput,
): Promise<string[] | undefined> {
  if (name === undefined && key === undefined) return undefined;
  if (name === undefined || key === undefined)
    throw wrongUsage('predictions', [{ pointer: '--entity, --key', detail: 'go together' }]);
  const { entities } = await session.manifest();
  const entity = Object.hasOwn(entities, name) ? entities[name] : undefined;
  if (entity === undefined)
    throw wrongUsage('predictions', [
      { pointer: '--entity', detail: `must be one of ${Object.keys(entities).join(', ') || 'none'}` },
    ]);
  const canonical = entityKey(entity, parseEntityKey(entity, key));
  return loggedKeys(await session.offlineStore(), project, { entity: name, key: canonical });
}
