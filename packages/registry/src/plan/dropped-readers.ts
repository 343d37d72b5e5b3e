import type { Manifest } from '@larder/features';
import { sql } from 'kysely';
import { readAliases } from '../aliases/read-aliases.ts';
import type { RegistryStore } from '../registry-store.ts';
import type { Change, Refusal } from './plan.ts';

/** A model version on record that reads a view version which pruning drops. */
export interface DroppedReader {
  readonly view: string;
  readonly model: string;
  readonly version: number;
  /** Aliases that point to the version. */
  readonly aliases: readonly string[];
}

/** Who still reads the view versions that these changes remove. A model that is dropped as well reads nothing any more. */
export async function readDroppedReaders(
  store: RegistryStore,
  next: Manifest,
  changes: readonly Change[],
): Promise<DroppedReader[]> {
  const dropped = changes.flatMap(({ action, subject }) =>
    action === 'remove' && subject.startsWith('view ') ? [subject.slice('view '.length)] : [],
  );
  const models = Object.keys(next.models);
  if (dropped.length === 0 || models.length === 0) return [];
  // a version without content names the views it reads in its inputs
  const { rows } = await sql<{ model: string; version: number; view: string }>`
    select v.model, v.version, r.view from larder.model_versions v
    cross join lateral (
      select json_object_keys(v.content -> 'manifest' -> 'feature_views') as view where v.content is not null
      union
      select concat(i ->> 'view', '@', i ->> 'version') from json_array_elements(v.inputs) i
        where v.content is null and i ->> 'version' is not null) r
    where v.project = ${next.project} and v.model = any (${models}) and v.collected_at is null
      and r.view = any (${dropped})
    order by r.view, v.model, v.version`.execute(store.db);
  const states = await readAliases(store, next.project);
  return rows.map(({ view, model, version }) => ({
    view,
    model,
    version,
    aliases: states
      .filter((state) => state.model === model && state.version === version)
      .map(({ alias }) => alias),
  }));
}

/** A view that an alias needs is not dropped. */
export function refuseInUse(readers: readonly DroppedReader[]): Refusal[] {
  return readers
    .filter(({ aliases }) => aliases.length > 0)
    .map(({ view, model, version, aliases }) => ({
      code: 'VIEW_IN_USE',
      subject: `view ${view}`,
      pointer: `/feature_views/${view}`,
      message: `view ${view} cannot be dropped: ${model}@${version} reads it, and ${aliases.join(', ')} of ${model} points to that version. Move the alias to a version that does not read it first: larder models ${model}`,
    }));
}
