import { isLarderError } from '@larder/core';
import {
  compileTileFold,
  entityKey,
  viewRef,
  type EntityManifest,
  type EventSourceManifest,
  type FeatureViewManifest,
  type TileFold,
  type WindowedManifest,
} from '@larder/features';
import { sql } from 'kysely';
import type { OfflineStore, StoreTransaction } from '../offline-store.ts';
import type { PartitionedTable } from '../partitions/partitions.ts';
import type { ArrivedEvent } from './event-table.ts';

/** A windowed view whose tiles every landing of its source keeps, whatever manifest the landing process has. */
export interface WindowedView {
  readonly ref: string;
  readonly manifest: FeatureViewManifest;
  readonly windowed: WindowedManifest;
  readonly entity: EntityManifest;
  readonly table: PartitionedTable;
  readonly fold: TileFold;
  /** Null: some of its tiles are still built from the events before it. */
  readonly builtAt: Date | null;
}

/** Allowance for clocks: tiles that have left their window by less than this are still kept. */
const ALLOWANCE_MS = 10 * 60_000;

export function tileTable(
  project: string,
  view: Pick<FeatureViewManifest, 'name' | 'version'>,
): PartitionedTable {
  return { schema: `${project}_history`, name: `${view.name}_v${view.version}_tiles` };
}

interface Recorded {
  readonly definition: { readonly view: FeatureViewManifest; readonly entity: EntityManifest };
  readonly built_at: Date | null;
}

/** The windowed views of a source as they are recorded, in the order of their references. */
export async function windowedViewsOf(
  store: Pick<OfflineStore | StoreTransaction, 'db'>,
  project: string,
  source: EventSourceManifest,
): Promise<WindowedView[]> {
  const { rows } = await sql<Recorded>`
    select definition, built_at from larder.windowed_views
    where project = ${project} and event_source = ${source.name} order by view, version`.execute(store.db);
  return rows.map(({ definition, built_at: builtAt }) =>
    compiledView(project, source, { definition, builtAt }),
  );
}

const compiled = new Map<string, WindowedView>();
const MAX_COMPILED = 200;

function compiledView(
  project: string,
  source: EventSourceManifest,
  { definition: { view, entity }, builtAt }: Omit<Recorded, 'built_at'> & { readonly builtAt: Date | null },
): WindowedView {
  const { windowed } = view;
  if (windowed === undefined) throw new Error(`${viewRef(view)} is recorded as windowed and is not.`);
  const key = `${project} ${viewRef(view)} ${view.fingerprint} ${source.fingerprint}`;
  const known = compiled.get(key);
  if (known !== undefined) return { ...known, builtAt };
  const made: WindowedView = {
    ref: viewRef(view),
    manifest: view,
    windowed,
    entity,
    table: tileTable(project, view),
    fold: compileTileFold(windowed, source.schema),
    builtAt,
  };
  if (compiled.size >= MAX_COMPILED) compiled.clear();
  compiled.set(key, made);
  return made;
}

/** The first tile of each window that can still be read at this time or later. */
export function oldestTiles({ windowed }: WindowedView, nowMs: number): number[] {
  return windowed.windows.map(({ window_ms: windowMs, hop_ms: hopMs }) =>
    Math.floor((nowMs - ALLOWANCE_MS - windowMs) / hopMs),
  );
}

/** Null: the event lacks a join key, or they are too long for a key, so it belongs to no entity of this kind. */
export function keyOfEvent(entity: EntityManifest, { values }: Pick<ArrivedEvent, 'values'>): string | null {
  for (const { name, constant } of entity.join_keys)
    if (constant === undefined && (values[name] ?? null) === null) return null;
  try {
    return entityKey(entity, values);
  } catch (error) {
    if (isLarderError(error) && error.code === 'ENTITY_KEY_INVALID') return null;
    throw error;
  }
}
