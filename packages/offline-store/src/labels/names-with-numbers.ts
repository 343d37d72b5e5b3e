import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import type { Label } from './label.ts';

/** Of the labels that a text is given for: the names that have numbers or booleans, on record or among these. */
export async function namesWithNumbers(
  store: Pick<OfflineStore, 'db'>,
  project: string,
  labels: readonly Label[],
): Promise<ReadonlySet<string>> {
  const texts = new Set(labels.flatMap(({ name, value }) => (typeof value === 'string' ? [name] : [])));
  if (texts.size === 0) return texts;
  const found = new Set(
    labels.flatMap(({ name, value }) =>
      texts.has(name) && value !== null && typeof value !== 'string' ? [name] : [],
    ),
  );
  const unsure = [...texts].filter((name) => !found.has(name));
  const { rows } = await sql<{ name: string }>`
    select name from unnest(${unsure}::text[]) as name
    where exists (select from larder.labels l where l.project = ${project} and l.name = name.name
      and jsonb_typeof(l.value) in ('number', 'boolean'))`.execute(store.db);
  for (const { name } of rows) found.add(name);
  return found;
}
