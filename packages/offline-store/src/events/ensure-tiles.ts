import { viewRef, type EntityManifest, type FeatureViewManifest } from '@larder/features';
import { sql } from 'kysely';
import type { StoreTransaction } from '../offline-store.ts';
import { tableOf, type EventProject } from './event-table.ts';
import { awaitLandings } from './source-lock.ts';
import { tileTable } from './windowed-view.ts';

/**
 * Creates the table of a windowed view's tiles and records the view, so that every landing of its source keeps them from
 * now on; part of the transaction that applies the view. What landed before has to be built (`buildTiles`).
 */
export async function ensureTilesIn(
  tx: StoreTransaction,
  project: EventProject,
  view: FeatureViewManifest,
): Promise<void> {
  const { windowed } = view;
  if (windowed === undefined) return;
  const entity: EntityManifest | undefined = project.entities[view.entity];
  if (entity === undefined) throw new Error(`The manifest has ${viewRef(view)} but not its entity.`);
  const { schema, name } = tileTable(project.project, view);
  const { rows } = await sql<{ fingerprint: string }>`
    select definition -> 'view' ->> 'fingerprint' as fingerprint from larder.windowed_views
    where project = ${project.project} and view = ${view.name} and version = ${view.version}`.execute(tx.db);
  if (rows[0]?.fingerprint === view.fingerprint) return;
  // landings either are committed, so that their events can be read, or see the view
  await awaitLandings(tx, project.project, windowed.event_source);
  // a version that was changed in place has other tiles
  await tx.client.query(`drop table if exists "${schema}"."${name}"`);
  await tx.client.query(`
    create table "${schema}"."${name}" (
      entity_key text collate "C" not null,
      window_index smallint not null,
      tile bigint not null,
      version bigint not null,
      newest_event bigint not null,
      newest_created bigint not null,
      revision bigint not null,
      numbers double precision[] not null,
      lasts jsonb,
      sketches bytea[],
      primary key (entity_key, window_index, tile)
    ) with (fillfactor = 70)`);
  await sql`
    insert into larder.windowed_views (project, view, version, event_source, definition, built_at)
    values (${project.project}, ${view.name}, ${view.version}, ${windowed.event_source},
      ${JSON.stringify({ view, entity })}::jsonb,
      case when not exists (select from ${tableOf({ schema, name: `${windowed.event_source}_events` })}) then now() end)
    on conflict (project, view, version) do update
      set event_source = excluded.event_source, definition = excluded.definition, built_at = excluded.built_at`.execute(
    tx.db,
  );
}

/** Drops the tiles of windowed views that are no longer applied; applied again, they are built from the events. */
export async function dropTilesIn(tx: StoreTransaction, project: EventProject): Promise<void> {
  const { rows } = await sql<{ view: string; version: number; event_source: string }>`
    select view, version, event_source from larder.windowed_views where project = ${project.project}`.execute(
    tx.db,
  );
  for (const { view: name, version, event_source: source } of rows) {
    if (project.feature_views[viewRef({ name, version })]?.windowed !== undefined) continue;
    await awaitLandings(tx, project.project, source);
    await sql`drop table if exists ${tableOf(tileTable(project.project, { name, version }))}`.execute(tx.db);
    await sql`
      delete from larder.windowed_views
      where project = ${project.project} and view = ${name} and version = ${version}`.execute(tx.db);
  }
}
