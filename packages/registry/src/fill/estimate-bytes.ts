import type { EntityManifest, FeatureViewManifest, FieldManifest } from '@larder/features';

export interface RowBytes {
  readonly history: number;
  readonly redis: number;
}

/** Assumed for texts and JSON, whose length nobody knows before they are computed. */
const TEXT_BYTES = 48;
const KEY_BYTES = 16;
/** Tuple header and line pointer, times, revision, chunk, input hash. */
const HISTORY_ROW_BYTES = 28 + 6 * 8;
/** Entry of the unique index beside the keys: its header, two times and the revision. */
const INDEX_ENTRY_BYTES = 16 + 3 * 8;
/** Row header, name of the field, and what Redis keeps for a field of a hash and its share of the key. */
const REDIS_ROW_BYTES = 30 + 16 + 80;

/** About how many bytes one row takes in history, with its index, and in the online store. */
export function estimateRowBytes(view: FeatureViewManifest, entity: EntityManifest): RowBytes {
  const keys = entity.join_keys.reduce((sum, key) => sum + (key.type === 'string' ? KEY_BYTES : 8), 0);
  const values = view.schema.reduce((sum, field) => sum + valueBytes(field), 0);
  return {
    history: HISTORY_ROW_BYTES + INDEX_ENTRY_BYTES + 2 * keys + values,
    redis: REDIS_ROW_BYTES + keys + values,
  };
}

function valueBytes({ type, length = 0 }: FieldManifest): number {
  switch (type) {
    case 'bool':
      return 1;
    case 'float32':
      return 4;
    case 'float64':
    case 'int64':
    case 'timestamp':
      return 8;
    case 'vector':
      return 4 * length + 24;
    case 'string':
    case 'json':
      return TEXT_BYTES;
  }
}
