import { isWindowed, tileLayout } from '../tiles/tile-layout.ts';
import type { RowSchema } from '../rows/row-layout.ts';
import { WindowValues } from '../tiles/window-values.ts';

/** The tiles of one window that count at a moment, for people. */
export interface TilesAt {
  /** `7d` */
  readonly window: string;
  readonly windowMs: number;
  readonly hopMs: number;
  readonly tiles: number;
  /** When the oldest of them begins; null: there are none. */
  readonly oldestMs: number | null;
}

/** Null when the view has no windows, or the row cannot be read with it. */
export function tilesAt(view: RowSchema, row: Buffer, nowMs: number): TilesAt[] | null {
  if (!isWindowed(view)) return null;
  const values = new WindowValues(view);
  if (!values.moveTo(row, nowMs)) return null;
  return tileLayout(view).windows.map(({ windowMs, hopMs }, w) => {
    const oldest = values.oldestTileOf(w);
    return {
      window: view.windowed.windows[w]?.name ?? '',
      windowMs,
      hopMs,
      tiles: values.tilesOf(w),
      oldestMs: oldest === null ? null : oldest * hopMs,
    };
  });
}
