import { sql } from 'kysely';
import type { RegistryStore } from '../registry-store.ts';

/** A model version that may become complete. */
export interface FillingVersion {
  readonly model: string;
  readonly version: number;
  /** The newest complete version of the model; null: none is complete. */
  readonly completeVersion: number | null;
}

/**
 * Versions with content that are not complete: those after the newest complete version of their model, and older ones
 * that somebody asked to promote when they are complete.
 */
export async function readFillingVersions(store: RegistryStore, project: string): Promise<FillingVersion[]> {
  const { rows } = await sql<FillingVersion>`
    with newest as (
      select model, max(version) as version from larder.model_versions
      where project = ${project} and complete_at is not null group by model
    )
    select v.model, v.version, newest.version as "completeVersion"
    from larder.model_versions v left join newest on newest.model = v.model
    where v.project = ${project} and v.complete_at is null and v.collected_at is null and v.content is not null
      and (v.version > coalesce(newest.version, 0) or v.promote_when_complete is not null)
    order by v.model, v.version`.execute(store.db);
  return rows;
}
