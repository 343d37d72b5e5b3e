import { textLiteral, type Duckdb } from '@larder/archive';
import { entityKey, type FieldManifest, type FieldValue } from '@larder/features';
import { projectKeyHasher, type OfflineStore } from '@larder/offline-store';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import { spineName } from '../spine/spine-column.ts';

const PREFIX_BYTES = 8;
/** 64 MB; a set with more keys is not listed, and counts as one that may hold any key. */
const MAX_KEYS = 8_000_000;

/** The first 8 bytes of the hash of every entity key in the spine, sorted; null when there are too many. */
export async function keyHashes(
  duckdb: Duckdb,
  store: Pick<OfflineStore, 'db'>,
  {
    project,
    features,
    spine,
  }: { readonly project: string; readonly features: ResolvedFeatures; readonly spine: LoadedSpine },
): Promise<Buffer | null> {
  const hasher = await projectKeyHasher(store, project);
  const prefixes: bigint[] = [];
  for (const { entity } of features.groups) {
    const keys = entity.join_keys.map(({ name, constant }) =>
      constant === undefined
        ? spineName(spine.columns.findIndex((column) => column.name === name && column.role === 'key'))
        : textLiteral(constant),
    );
    const result = await duckdb.connection.stream(`select distinct ${keys.join(', ')} from spine`);
    for await (const rows of result.yieldRowsJs()) {
      for (const row of rows) {
        const values = Object.fromEntries(
          entity.join_keys.map((key, i) => [key.name, keyValue(key, row[i])] as const),
        );
        prefixes.push(hasher(entity.name, entityKey(entity, values)).readBigUInt64BE(0));
      }
      if (prefixes.length > MAX_KEYS) return null;
    }
  }
  const sorted = BigUint64Array.from(prefixes).sort();
  const out = Buffer.alloc(sorted.length * PREFIX_BYTES);
  let length = 0;
  for (const [i, prefix] of sorted.entries()) {
    if (i > 0 && prefix === sorted[i - 1]) continue;
    length = out.writeBigUInt64BE(prefix, length);
  }
  return out.subarray(0, length);
}

function keyValue({ type }: FieldManifest, value: unknown): FieldValue {
  return type === 'int64' ? BigInt(value as bigint | number) : (value as FieldValue);
}
