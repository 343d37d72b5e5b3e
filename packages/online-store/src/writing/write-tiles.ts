import type { FeatureViewManifest } from '@larder/features';
import { viewRef } from '@larder/features';
import type { Redis } from 'ioredis';
import { luaScript } from '../scripts/lua-script.ts';
import { compileTileCodec, type Tile } from '../tiles/tile-codec.ts';
import { CLOCK_ALLOWANCE_MS, firstTileAt, type WindowedSchema } from '../tiles/tile-layout.ts';
import { sendPacked, type PackedRow, type WriteOutcome, type WriteTarget } from './send-packed.ts';

const SCRIPT = luaScript('write-tiles.lua');

/** A call blocks Redis: 0.7 ms for 20 rows of 56 tiles. */
const ROWS_PER_CALL = 20;

export type WindowedView = WindowedSchema & Pick<FeatureViewManifest, 'name' | 'version' | 'entity'>;

/** Tiles of one entity as PostgreSQL has them: whole, not what an event adds to them. */
export interface EntityTiles {
  /** From `entityKey`. */
  readonly entityKey: string;
  readonly tiles: readonly Tile[];
  /** Of the newest event among them: the order key of the row, which is the latest of all that were written. */
  readonly eventTimestampMs: number;
  readonly createdTimestampMs: number;
  readonly revision: number;
}

export interface TilesToWrite {
  readonly view: WindowedView;
  readonly entities: readonly EntityTiles[];
  /** Tiles that no window covers any more are left out, of these and of the stored ones. */
  readonly nowMs: number;
}

/**
 * Merges tiles into the rows of a windowed view: per tile the greatest version wins, so the order of writers does not matter, and
 * repeating is safe. Outcomes in the order given; after `created` the row has only these tiles, so the caller sends those of the
 * entity's others that a window still covers.
 */
export async function writeTiles(
  redis: Redis,
  target: WriteTarget,
  { view, entities, nowMs }: TilesToWrite,
): Promise<WriteOutcome[]> {
  const { layout, encode } = compileTileCodec(view);
  const oldest = layout.windows.map((window) => firstTileAt(window, nowMs - CLOCK_ALLOWANCE_MS));
  const rows = entities.map((entity): PackedRow => {
    const tiles = entity.tiles.filter(({ window, index }) => index >= Math.max(0, oldest[window] ?? 0));
    return { entity: view.entity, entityKey: entity.entityKey, row: encode(entity, tiles) };
  });
  const limits = layout.windows.map(({ maxTiles }, w) => `${oldest[w]} ${maxTiles}`).join(' ');
  const args = [viewRef(view), layout.ttlMs, layout.fixedBytes, layout.sketches, limits];
  return sendPacked(redis, target, {
    rows,
    write: { script: SCRIPT, rowsPerCall: ROWS_PER_CALL, argsOf: () => args, fits: () => true },
  });
}
