import { sql } from 'kysely';
import type { OfflineStore } from '../offline-store.ts';
import { historyPlace, type HistoryProject, type HistoryView } from './history-table.ts';

export interface GoneRow {
  /** Canonical key of the view's entity. */
  readonly entityKey: string;
  readonly eventTimestampMs: number;
}

/** Why history does not have a row that was once there: its entity was erased, or its month was dropped. Null: neither. */
export async function whyHistoryIsGone(
  store: Pick<OfflineStore, 'db'>,
  project: HistoryProject,
  view: HistoryView,
  { entityKey, eventTimestampMs }: GoneRow,
): Promise<'erased' | 'retention' | null> {
  const { schema, name } = historyPlace(project, view);
  const month = new Date(eventTimestampMs).toISOString().slice(0, 7).replace('-', '_');
  const { rows } = await sql<{ erased: boolean; there: boolean }>`
    select exists (select from larder.erased_among(${project.project}, ${view.entity}, array[${entityKey}]::text[])) as erased,
      to_regclass(format('%I.%I', ${schema}::text, ${`${name}_${month}`}::text)) is not null as there`.execute(
    store.db,
  );
  const [found] = rows;
  if (found?.erased === true) return 'erased';
  return found?.there === false ? 'retention' : null;
}
