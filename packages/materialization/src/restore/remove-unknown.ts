import {
  entityKey,
  parseEntityKey,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type Manifest,
} from '@larder/features';
import {
  knownHistoryRows,
  latestHistoryRows,
  windowedViewsOf,
  type OfflineStore,
  type OnlineRowOrder,
  type WindowedView,
} from '@larder/offline-store';
import {
  compileRowCodec,
  encodeGoneRow,
  readRowHeader,
  type OnlineEntity,
  type OnlineStore,
  type SeenRow,
} from '@larder/online-store';
import { correctedTiles } from './corrected-tiles.ts';

export interface RemoveUnknownDeps {
  readonly store: OfflineStore;
  readonly onlineStore: Pick<OnlineStore, 'entities' | 'replaceSeen'>;
  /** What is applied now; asked again where the online store has rows of a view that it does not name. */
  readonly applied: () => Promise<Manifest>;
  readonly signal: AbortSignal;
}

export interface RemoveUnknownOptions {
  /** References of view versions; null: all, also those that are not applied. */
  readonly refs: ReadonlySet<string> | null;
  /** False: only counts. */
  readonly remove: boolean;
  readonly nowMs: number;
  readonly onProgress?: ((entities: number) => void) | undefined;
}

export interface UnknownRows {
  /** Rows that the online store has, by view version. */
  readonly seen: ReadonlyMap<string, number>;
  /** Of them: rows that history does not know. */
  readonly unknown: ReadonlyMap<string, number>;
  /** The greatest revision among rows that history does not know; 0: there are none. */
  readonly greatestRevision: number;
}

/**
 * Finds rows of the online store that history does not know: after a recovery of PostgreSQL to a point in time, those that
 * landed later. Puts the newest row of history in their place, or nothing where it has none. A row that lands meanwhile is in
 * history before it is online, and a row is only replaced while it is the one that was read: so none of those is touched.
 */
export async function removeUnknown(
  deps: RemoveUnknownDeps,
  options: RemoveUnknownOptions,
): Promise<UnknownRows> {
  const { onlineStore, signal } = deps;
  const seen = new Map<string, number>();
  const unknown = new Map<string, number>();
  let manifest = await deps.applied();
  let windowed = await windowedViews(deps.store, manifest);
  let entities = 0;
  let greatestRevision = 0;
  for await (const page of onlineStore.entities()) {
    signal.throwIfAborted();
    const found = rowsByRef(page, options.refs);
    // A view that was applied meanwhile: it was before any of its rows landed.
    if ([...found.keys()].some((ref) => manifest.feature_views[ref] === undefined)) {
      manifest = await deps.applied();
      windowed = await windowedViews(deps.store, manifest);
    }
    for (const [ref, rows] of found) {
      add(seen, ref, rows.length);
      const wrong = await unknownOf(deps.store, { manifest, windowed, ref, rows, nowMs: options.nowMs });
      if (wrong.length === 0) continue;
      for (const { seen: row } of wrong)
        greatestRevision = Math.max(greatestRevision, readRowHeader(row)?.revision ?? 0);
      add(unknown, ref, options.remove ? await onlineStore.replaceSeen(wrong) : wrong.length);
    }
    entities += page.length;
    options.onProgress?.(entities);
  }
  return { seen, unknown, greatestRevision };
}

interface StoredRow {
  readonly entity: string;
  readonly entityKey: string;
  readonly row: Buffer;
}

function rowsByRef(
  page: readonly OnlineEntity[],
  refs: ReadonlySet<string> | null,
): Map<string, StoredRow[]> {
  const found = new Map<string, StoredRow[]>();
  for (const { entity, entityKey: key, rows } of page)
    for (const [ref, row] of Object.entries(rows)) {
      // Reserved names.
      if (ref.startsWith('!') || refs?.has(ref) === false) continue;
      const ofRef = found.get(ref);
      if (ofRef) ofRef.push({ entity, entityKey: key, row });
      else found.set(ref, [{ entity, entityKey: key, row }]);
    }
  return found;
}

interface RowsOfRef {
  readonly manifest: Manifest;
  readonly windowed: ReadonlyMap<string, WindowedView>;
  readonly ref: string;
  readonly rows: readonly StoredRow[];
  readonly nowMs: number;
}

/** What to put in the place of those that history does not know. */
async function unknownOf(store: OfflineStore, of: RowsOfRef): Promise<SeenRow[]> {
  const { manifest, ref, rows, nowMs } = of;
  const view = manifest.feature_views[ref];
  const replace = ({ entity, entityKey: key, row }: StoredRow, by: Buffer | null): SeenRow => ({
    entity,
    entityKey: key,
    viewRef: ref,
    seen: row,
    row: by,
  });
  const entity = view && manifest.entities[view.entity];
  if (view === undefined || entity === undefined) return rows.map((row) => replace(row, null));
  const [own, others] = [
    rows.filter((row) => row.entity === entity.name),
    rows.filter((row) => row.entity !== entity.name),
  ];
  const wrong = others.map((row) => replace(row, null));
  if (view.windowed !== undefined) {
    const tiles = await correctedTiles(store, { view: of.windowed.get(ref), rows: own, nowMs });
    return [...wrong, ...Array.from(tiles, ([row, by]) => replace(row, by))];
  }
  const checked = own.map((row) => ({ row, order: orderOf(entity, row) }));
  const ordered = checked.flatMap(({ row, order }) => (order === null ? [] : [{ row, order }]));
  const known = await knownHistoryRows(
    store,
    manifest,
    view,
    ordered.map(({ order }) => order),
  );
  const damaged = checked.flatMap(({ row, order }) => (order === null ? [row] : []));
  const unknown = [...damaged, ...ordered.filter((_, at) => known[at] === false).map(({ row }) => row)];
  const newest = await newestRows(store, { manifest, view, entity, rows: unknown, nowMs });
  return [...wrong, ...unknown.map((row) => replace(row, newest.get(row.entityKey) ?? null))];
}

/** Null: the bytes have no header, or the key is not one of the entity. */
function orderOf(entity: EntityManifest, { entityKey: key, row }: StoredRow): OnlineRowOrder | null {
  const header = readRowHeader(row);
  const keys = keysOf(entity, key);
  return header === null || keys === null ? null : { ...header, keys };
}

function keysOf(entity: EntityManifest, key: string): OnlineRowOrder['keys'] | null {
  try {
    return parseEntityKey(entity, key);
  } catch {
    return null;
  }
}

/** The newest row of history for each key, packed, unless it is beyond the view's TTL. */
async function newestRows(
  store: OfflineStore,
  {
    manifest,
    view,
    entity,
    rows,
    nowMs,
  }: {
    readonly manifest: Manifest;
    readonly view: FeatureViewManifest;
    readonly entity: EntityManifest;
    readonly rows: readonly StoredRow[];
    readonly nowMs: number;
  },
): Promise<ReadonlyMap<string, Buffer>> {
  const keys = rows.flatMap((row) => {
    const read = keysOf(entity, row.entityKey);
    return read === null ? [] : [read];
  });
  const oldestMs = view.ttl_ms === 'forever' ? -Infinity : nowMs - view.ttl_ms;
  const codec = compileRowCodec(view);
  const newest = new Map<string, Buffer>();
  for (const row of await latestHistoryRows(store, manifest, view, keys))
    if (row.eventTimestampMs >= oldestMs)
      newest.set(
        entityKey(entity, row.keys),
        row.isGone ? encodeGoneRow(view, row) : codec.encode(row, row.values),
      );
  return newest;
}

async function windowedViews(store: OfflineStore, manifest: Manifest): Promise<Map<string, WindowedView>> {
  const views = new Map<string, WindowedView>();
  for (const source of Object.values(manifest.event_sources ?? {}))
    for (const view of await windowedViewsOf(store, manifest.project, source))
      views.set(viewRef(view.manifest), view);
  return views;
}

function add(counts: Map<string, number>, ref: string, count: number): void {
  counts.set(ref, (counts.get(ref) ?? 0) + count);
}
