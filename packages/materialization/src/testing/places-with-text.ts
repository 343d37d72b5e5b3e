import type { OfflineStore } from '@larder/offline-store';
import type { Redis } from '@larder/online-store';

/**
 * Every table of the database, every column of the planner's statistics and every key of Redis that has the text somewhere,
 * as `schema.table`, `pg_stats of schema.table.column` or the key.
 */
export async function placesWithText(store: OfflineStore, redis: Redis, text: string): Promise<string[]> {
  const { rows: tables } = await store.pool.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and not c.relispartition and (n.nspname = 'larder' or n.nspname ~ '_(history|aside_.*)$')`,
  );
  const places: string[] = [];
  for (const { schema, name } of tables) {
    const found = await store.pool.query(
      `select from "${schema}"."${name}" held where strpos(held::text, $1) > 0 limit 1`,
      [text],
    );
    if (found.rowCount !== 0) places.push(`${schema}.${name}`);
  }
  const { rows: statistics } = await store.pool.query<{ place: string }>(
    `select distinct format('pg_stats of %s.%s.%s', schemaname, tablename, attname) as place from pg_stats
     where (schemaname = 'larder' or schemaname ~ '_(history|aside_.*)$')
       and strpos(concat_ws(' ', most_common_vals::text, histogram_bounds::text, most_common_elems::text), $1) > 0`,
    [text],
  );
  places.push(...statistics.map(({ place }) => place));
  for (const key of await redis.keys('*')) {
    const dumped = (await redis.dumpBuffer(key)) as Buffer | null;
    if (key.includes(text) || dumped?.includes(text)) places.push(key);
  }
  return places.toSorted();
}
