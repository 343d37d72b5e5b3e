import { erasedAmong, erasedHashesAmong, holdOffErasures } from '../erasure/hold-off-erasures.ts';
import type { StoreTransaction } from '../offline-store.ts';
import { entityKeysOf, keptRows, type RenderedRows } from './rendered-rows.ts';

/** `ad:ad-42`, or `ad#<hex>`; names of entities contain neither `:` nor `#`. */
const PREFIX = /^[^:#]*[:#]/;

/**
 * The rows that name no erased entity. Holds off erasures until the transaction ends, so the rows must be written by it.
 */
export async function withoutErased(
  tx: Pick<StoreTransaction, 'db'>,
  project: string,
  rows: RenderedRows,
): Promise<RenderedRows> {
  if (!(await holdOffErasures(tx, project, null))) return rows;
  const keysByRow = entityKeysOf(rows);
  const erased = await erasedTexts(tx, project, new Set(keysByRow.flat()));
  if (erased.size === 0) return rows;
  return keptRows(
    rows,
    keysByRow.map((keys) => !keys.some((key) => erased.has(key))),
  );
}

async function erasedTexts(
  tx: Pick<StoreTransaction, 'db'>,
  project: string,
  texts: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const asked = Map.groupBy(texts, (text) => PREFIX.exec(text)?.[0] ?? '');
  const erased = new Set<string>();
  for (const [prefix, of] of asked) {
    const entity = prefix.slice(0, -1);
    const keys = of.map((text) => text.slice(prefix.length));
    const among = prefix.endsWith('#') ? erasedHashesAmong : erasedAmong;
    for (const key of await among(tx, { project, entity, keys })) erased.add(`${prefix}${key}`);
  }
  return erased;
}
