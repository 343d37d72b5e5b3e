import { quotedName } from '@larder/archive';
import type { FeatureColumn, ResolvedFeatures } from '../features/resolve-features.ts';
import { portableType } from '../hash/canonical-text.ts';
import type { HashedColumn } from '../hash/hash-rows.ts';
import { spineName } from '../spine/spine-column.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import { setType, setValue, valueLiteral } from './stored-value.ts';

/**
 * SQL of the set: the columns of the spine, then the features with their declared defaults, in the order of the spine.
 * Every row has its row in each table, and yet the joins are not inner ones: DuckDB may do those by a perfect hash join,
 * which takes memory for all numbers between the least row and the greatest, outside its limit.
 * @param rows condition over the view `spine`
 */
export function assembledQuery(features: ResolvedFeatures, spine: LoadedSpine, rows: string): string {
  const given = spine.columns.map(({ name }, i) => `s.${spineName(i)} as ${quotedName(name)}`);
  let computed = 0;
  const columns = features.columns.map((column) => {
    const stored =
      column.kind === 'history'
        ? `j${column.place.group}.v${column.place.view}_f${column.place.feature}`
        : `c.d${computed++}`;
    return `${withDefault(column, stored)} as ${quotedName(column.name)}`;
  });
  const joins = features.groups.map((_, g) => `left join joined_${g} j${g} using (row)`);
  if (computed > 0) joins.push('left join computed c using (row)');
  return `select ${[...given, ...columns].join(', ')} from (from spine where ${rows}) s ${joins.join(' ')} order by s.row`;
}

function withDefault({ field, defaultValue }: FeatureColumn, stored: string): string {
  const value = setValue(field, stored);
  return defaultValue === null ? value : `coalesce(${value}, ${valueLiteral(field, defaultValue)})`;
}

/** Columns of the files of a set, as they are hashed. */
export function hashedColumns(features: ResolvedFeatures, spine: LoadedSpine): HashedColumn[] {
  return [
    ...spine.columns.map(({ name, type }) => ({
      name,
      type,
      portableType: portableType(type),
      value: quotedName(name),
    })),
    ...features.columns.map(({ name, field }) => ({
      name,
      type: setType(field),
      portableType: field.type,
      value: quotedName(name),
    })),
  ];
}

/** The spine's columns over the view `spine`, as they are hashed. */
export function hashedSpine({ columns }: LoadedSpine): HashedColumn[] {
  return columns.map(({ name, type }, i) => ({
    name,
    type,
    portableType: portableType(type),
    value: spineName(i),
  }));
}
