import { sql } from 'kysely';
import type { RegistryStore } from '../registry-store.ts';

/** Hashes of what a project's records refer to and the artifact store has, sorted. */
export interface ProjectContent {
  /** Folders. */
  readonly artifacts: readonly string[];
  /** Bytes: files of the folders, bundles and sources of code. */
  readonly objects: readonly string[];
}

/** As `collectArtifacts` sees it, of one project: every hash that its records name, whether it is an artifact or not. */
export async function contentOfProject(store: RegistryStore, project: string): Promise<ProjectContent> {
  const { rows } = await sql<{ kind: 'artifact' | 'object'; sha256: string }>`
    with referred as materialized (
      select distinct found[1] as sha256
      from (
        (select manifest::text as record from larder.manifests where project = ${project} order by id desc limit 1)
        union all
        (select code::text from larder.manifests
         where project = ${project} and code is not null order by id desc limit 1)
        union all
        select content::text from larder.model_versions where project = ${project} and collected_at is null
        union all
        select artifact_sha256 from larder.model_versions where project = ${project} and collected_at is null
        union all
        select m.code::text from larder.model_versions v join larder.manifests m on m.id = v.manifest_id
        where v.project = ${project} and v.collected_at is null
      ) records, regexp_matches(record, '[0-9a-f]{64}', 'g') as found
    ), folders as (
      select a.sha256, a.files from larder.artifacts a join referred using (sha256)
    )
    select 'artifact' as kind, sha256 from folders
    union
    select 'object', o.sha256 from larder.objects o
    where o.sha256 in (select sha256 from referred
      union select f ->> 'sha256' from folders, json_array_elements(files) f)
    order by 1, 2`.execute(store.db);
  const of = (kind: string) => rows.filter((row) => row.kind === kind).map(({ sha256 }) => sha256);
  return { artifacts: of('artifact'), objects: of('object') };
}
