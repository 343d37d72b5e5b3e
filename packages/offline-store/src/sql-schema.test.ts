import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { appendHistory, createPredictionLog, ensureHistory } from './index.ts';
import { prediction } from './testing/prediction.ts';
import { project, row, silent, test, view } from './testing/store.ts';

const page = await readFile(new URL('../../../docs/reference/sql-schema.md', import.meta.url), 'utf8');

test('every control table has a section in the reference', async ({ store }) => {
  const { rows } = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'larder'::regnamespace
    and relkind in ('r', 'p') and not relispartition and relname not like 'migrations%' order by 1`.execute(
    store.db,
  );
  const documented = [...page.matchAll(/^### `(\w+)`$/gm)].map((match) => match[1] ?? '');
  expect(documented.toSorted()).toEqual(rows.map((table) => table.name));
});

test('every column of a control table is in its section', async ({ store }) => {
  const { rows } = await sql<{ table: string; column: string }>`
    select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'larder'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    and c.relname not like 'migrations%' and a.attnum > 0 and not a.attisdropped`.execute(store.db);
  const parts = new Map(
    [...page.matchAll(/^### `(\w+)`\n([^]*?)(?=^### |(?![^]))/gm)].map(([, name, text]) => [name, text]),
  );
  const missing = rows.filter(({ table, column }) => !(parts.get(table) ?? '').includes(`\`${column}\``));
  // The planner's lease.
  expect(missing.filter(({ column }) => !column.startsWith('planning_'))).toEqual([]);
  expect(rows.length).toBeGreaterThan(60);
});

test('the history table of the reference is the one that is created', async ({ store }) => {
  const image = view('ad_image', [
    { name: 'embedding', type: 'vector', length: 512 },
    { name: 'brightness', type: 'float32' },
  ]);
  await ensureHistory(store, project, image);
  const ddl = /```sql\n(create table ads_history[\s\S]*?)```/.exec(page)?.[1] ?? '';
  await store.pool.query('create schema ads_history');
  await store.pool.query(ddl);
  const columnsOf = (schema: string) =>
    sql`select attname, format_type(atttypid, atttypmod) as type, attnotnull, attstorage, attcollation
      from pg_attribute where attrelid = to_regclass(${`${schema}.ad_image_v1`}) and attnum > 0 order by attnum`.execute(
      store.db,
    );
  const indexesOf = async (schema: string) => {
    const { rows } = await sql<{ def: string }>`
      select indexdef as def from pg_indexes where schemaname = ${schema} and tablename = 'ad_image_v1' order by 1`.execute(
      store.db,
    );
    return rows.map((index) => index.def.replace(schema, ''));
  };
  expect((await columnsOf('shop_history')).rows).toEqual((await columnsOf('ads_history')).rows);
  expect(await indexesOf('shop_history')).toEqual(await indexesOf('ads_history'));
});

test('the query of the reference rebuilds what a prediction read', async ({ store }) => {
  const ads = { ...project, project: 'ads' };
  const image = view('ad_image', [{ name: 'brightness', type: 'float32' }]);
  await store.pool.query('drop schema if exists ads_history cascade');
  await ensureHistory(store, ads, image);
  const nowMs = Date.now();
  const read = row('ad-42', {
    eventTimestampMs: nowMs - 7,
    createdTimestampMs: nowMs - 3,
    values: { brightness: 0.25 },
  });
  const other = { ...read, createdTimestampMs: nowMs - 2, values: { brightness: 0.5 } };
  await store.transaction((tx) => appendHistory(tx, ads, image, [read, other]));
  const { eventTimestampMs, createdTimestampMs, revision } = read;
  const log = createPredictionLog({ store, project: 'ads', logger: silent });
  const record = prediction({
    predictedAtMs: nowMs,
    views: [{ ref: 'ad_image@1', status: 'PRESENT', eventTimestampMs, createdTimestampMs, revision }],
  });
  log.append(record);
  await log.close();
  const query = /```sql\n(select p\.prediction_id[\s\S]*?)```/.exec(page)?.[1] ?? '';
  const { rows } = await store.pool.query(query);
  expect(rows).toEqual([{ prediction_id: record.predictionId, brightness: 0.25 }]);

  const queries = [...page.matchAll(/```sql\n(select[\s\S]*?)```/g)].map(([, text = '']) => text);
  expect(queries).toHaveLength(5);
  const { rowCount } = await store.pool.query((queries[0] ?? '').replace('2026-11-20T09:30:00Z', 'infinity'));
  expect(rowCount).toBe(1);
  for (const text of queries.slice(1)) await store.pool.query(text);
});
