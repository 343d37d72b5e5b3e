import type { Duckdb } from '@larder/archive';
import { JOINED_STATUS } from '@larder/offline-store';
import type { FeatureColumn, ResolvedFeatures } from '../features/resolve-features.ts';
import type { ManifestFeature } from '../training-set-manifest.ts';

/** What the manifest says of each feature: how many rows lack a value, and why. */
export async function countMissing(
  duckdb: Pick<Duckdb, 'all'>,
  features: ResolvedFeatures,
): Promise<ManifestFeature[]> {
  const counts = new Map<string, Record<string, bigint>>();
  for (const g of features.groups.keys()) {
    const selected = features.columns.flatMap((column, i) => {
      if (column.kind !== 'history' || column.place.group !== g) return [];
      const { view, feature } = column.place;
      return [
        `count(*) filter (where v${view}_f${feature} is null) as missing_${i}`,
        `count(*) filter (where v${view}_status = ${JOINED_STATUS.NOT_FOUND}) as not_found_${i}`,
        `count(*) filter (where v${view}_status = ${JOINED_STATUS.OUTSIDE_MAX_AGE}) as outside_${i}`,
      ];
    });
    if (selected.length > 0) counts.set(`joined_${g}`, await one(duckdb, selected, `joined_${g}`));
  }
  let computed = 0;
  const onDemand = features.columns.flatMap((column, i) =>
    column.kind === 'on_demand' ? [`count(*) filter (where d${computed++} is null) as missing_${i}`] : [],
  );
  if (onDemand.length > 0) counts.set('computed', await one(duckdb, onDemand, 'computed'));
  return features.columns.map((column, i) => {
    const table = column.kind === 'history' ? `joined_${column.place.group}` : 'computed';
    const count = (name: string): number => Number(counts.get(table)?.[`${name}_${i}`] ?? 0);
    return manifestFeature(column, {
      missing: count('missing'),
      notFound: count('not_found'),
      outside: count('outside'),
    });
  });
}

function manifestFeature(
  column: FeatureColumn,
  counts: { readonly missing: number; readonly notFound: number; readonly outside: number },
): ManifestFeature {
  const { name, view, field, defaultValue } = column;
  const replaced = defaultValue !== null;
  return {
    name,
    view,
    version: column.kind === 'history' ? column.version : null,
    type: field.type,
    ...(field.length !== undefined && { length: field.length }),
    source: column.kind,
    nulls: replaced ? 0 : counts.missing,
    defaults_used: replaced ? counts.missing : 0,
    not_found: counts.notFound,
    outside_max_age: counts.outside,
  };
}

async function one(
  duckdb: Pick<Duckdb, 'all'>,
  selected: readonly string[],
  table: string,
): Promise<Record<string, bigint>> {
  const [row] = await duckdb.all<Record<string, bigint>>(`select ${selected.join(', ')} from ${table}`);
  return row ?? {};
}
