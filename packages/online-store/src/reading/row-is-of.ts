import { rowHasSchema, TILE_FORMAT } from '../rows/row-header.ts';
import type { RowSchema } from '../rows/row-layout.ts';
import { isWindowed } from '../tiles/tile-layout.ts';

/** True for a row that was written with exactly this view's schema, in its format; it may be damaged. */
export function rowIsOf(view: RowSchema, row: Buffer): boolean {
  return isWindowed(view)
    ? rowHasSchema(row, view.schema_fingerprint, TILE_FORMAT)
    : rowHasSchema(row, view.schema_fingerprint);
}
