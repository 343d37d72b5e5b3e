import type { RowOrder } from '@larder/core';
import { ROW_HEADER_BYTES, writeRowHeader } from './row-header.ts';
import type { RowSchema } from './row-layout.ts';

/** Format of a row that ends with its header: the source no longer has the key. */
const GONE_FORMAT = 0;

/** Such a row. It takes part in the order of rows, so that an older row cannot bring the key back. */
export function encodeGoneRow(view: Pick<RowSchema, 'schema_fingerprint'>, order: RowOrder): Buffer {
  const row = Buffer.alloc(ROW_HEADER_BYTES);
  writeRowHeader(row, view.schema_fingerprint, order);
  row[0] = GONE_FORMAT;
  return row;
}

export function isGoneRow(row: Buffer): boolean {
  return row.length === ROW_HEADER_BYTES && row[0] === GONE_FORMAT;
}
