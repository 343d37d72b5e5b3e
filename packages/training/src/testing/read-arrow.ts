import { tableFromIPC } from 'apache-arrow';

/** Rows of an Arrow stream as objects. */
export function readArrow(bytes: ArrayBuffer): object[] {
  return tableFromIPC(new Uint8Array(bytes))
    .toArray()
    .map((row) => row?.toJSON() as object);
}
