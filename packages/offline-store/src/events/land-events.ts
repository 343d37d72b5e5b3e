import type { EventSourceManifest, FoldedEvent } from '@larder/features';
import type { StoreTransaction } from '../offline-store.ts';
import { changeTiles, type TileEvents } from './change-tiles.ts';
import { eventTable, type ArrivedEvent } from './event-table.ts';
import { holdOffBuilds } from './source-lock.ts';
import { idOf, storeEvents, type EventLanding, type ReplacedEvent } from './store-events.ts';
import type { StoredTile, TilePlace } from './tiles.ts';
import { keyOfEvent, oldestTiles, windowedViewsOf, type WindowedView } from './windowed-view.ts';

export interface LandEventsOptions extends EventLanding {
  readonly project: string;
  readonly source: EventSourceManifest;
  /** In the order of arrival. */
  readonly events: readonly ArrivedEvent[];
  readonly nowMs: number;
}

/** The tiles of a view that a landing changed, as they are now. */
export interface ChangedTiles {
  readonly view: WindowedView;
  readonly tiles: readonly StoredTile[];
  /** Entities with further tiles, which are not among these. */
  readonly partial: ReadonlySet<string>;
}

export interface LandedEvents {
  /** Events that history took: new, corrected and retracted ones. */
  readonly landed: readonly ArrivedEvent[];
  /** Arrivals that changed nothing. */
  readonly duplicates: ReadonlySet<ArrivedEvent>;
  readonly changed: readonly ChangedTiles[];
}

/**
 * Appends events to the history of their source and brings the tiles of its windowed views up to date, in the caller's
 * transaction. Events that are there already change nothing; corrected and retracted ones have their tiles folded again.
 */
export async function landEvents(tx: StoreTransaction, options: LandEventsOptions): Promise<LandedEvents> {
  const { project, source } = options;
  await holdOffBuilds(tx, project, source.name);
  const table = eventTable(project, source);
  const fresh: ArrivedEvent[] = [];
  const replaced: ReplacedEvent[] = [];
  const duplicates = new Set<ArrivedEvent>();
  for (const events of rounds(options.events)) {
    const stored = await storeEvents(tx, table, { ...options, events });
    fresh.push(...stored.fresh);
    replaced.push(...stored.replaced);
    for (const event of stored.duplicates) duplicates.add(event);
  }
  const changed: ChangedTiles[] = [];
  if (fresh.length + replaced.length > 0)
    for (const view of await windowedViewsOf(tx, project, source)) {
      const affected = affectedTiles(view, { fresh, replaced, nowMs: options.nowMs });
      changed.push(await changeTiles(tx, { view, table, revision: options.revision, ...affected }));
    }
  return { landed: [...fresh, ...replaced.map(({ now }) => now)], duplicates, changed };
}

/** The events in order, each id at most once a round. */
function rounds(events: readonly ArrivedEvent[]): ArrivedEvent[][] {
  const all: ArrivedEvent[][] = [];
  const seen = new Map<string, number>();
  for (const event of events) {
    const id = idOf(event);
    const round = seen.get(id) ?? 0;
    seen.set(id, round + 1);
    (all[round] ??= []).push(event);
  }
  return all;
}

interface Arrivals {
  readonly fresh: readonly ArrivedEvent[];
  readonly replaced: readonly ReplacedEvent[];
  readonly nowMs: number;
}

/** What each tile gets, and which tiles must be folded again. */
function affectedTiles(
  view: WindowedView,
  { fresh, replaced, nowMs }: Arrivals,
): { readonly added: readonly TileEvents[]; readonly refolded: readonly TilePlace[] } {
  const oldest = oldestTiles(view, nowMs);
  const added = new Map<string, { place: TilePlace; events: FoldedEvent[] }>();
  const refolded = new Map<string, TilePlace>();
  const each = (event: ArrivedEvent, take: (id: string, place: TilePlace) => void): void => {
    const entityKey = keyOfEvent(view.entity, event);
    if (entityKey === null) return;
    for (const [window, { hop_ms: hopMs }] of view.windowed.windows.entries()) {
      const tile = Math.floor(event.eventTimestampMs / hopMs);
      if (tile >= (oldest[window] as number))
        take(`${window} ${tile} ${entityKey}`, { entityKey, window, tile });
    }
  };
  for (const { was, now } of replaced)
    for (const event of [was, now]) each(event, (id, place) => void refolded.set(id, place));
  for (const event of fresh) {
    if (event.isRetracted) continue;
    each(event, (id, place) => {
      if (refolded.has(id)) return;
      const known = added.get(id);
      if (known) known.events.push(event);
      else added.set(id, { place, events: [event] });
    });
  }
  return {
    added: Array.from(added.values(), ({ place, events }) => ({ ...place, events })),
    refolded: [...refolded.values()],
  };
}
