import { migrate } from '@larder/offline-store';
import { createLogger } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import { test } from '@larder/testing';
import { sql } from 'kysely';
import { expect, onTestFinished } from 'vitest';
import { COPIED, LEFT_OUT } from './control-tables.ts';

test('every table of the schema larder is in a backup or left out, by name, and references have an order', async ({
  database,
}) => {
  const logger = createLogger('test', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: database.url, logger });
  onTestFinished(() => store.close());
  await migrate(store);
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c
    where c.relnamespace = 'larder'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
    order by 1`.execute(store.db);
  const copied = COPIED.map(({ name }) => name);
  expect([...copied, ...Object.keys(LEFT_OUT)].toSorted()).toEqual(rows.map(({ name }) => name).toSorted());

  const before = new Set<string>();
  for (const { name, refers = {} } of COPIED) {
    before.add(name);
    for (const target of Object.values(refers)) expect(before).toContain(target);
  }
});
