import { fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from '@larder/testing';
import { sql } from 'kysely';
import { expect } from 'vitest';
import { createOfflineStore, migrate, pendingMigrations } from './index.ts';
import { silent } from './testing/store.ts';

/** Migrates in its own process and returns the applied migrations. */
async function migrateElsewhere(databaseUrl: string): Promise<readonly string[]> {
  const child = fork(new URL('./testing/migrate-process.ts', import.meta.url), [databaseUrl]);
  const [message] = (await once(child, 'message')) as [{ applied: readonly string[] } | { failure: string }];
  if ('failure' in message) throw new Error(message.failure);
  return message.applied;
}

test('processes that start at the same time migrate exactly once', async ({ database }) => {
  const applied = await Promise.all([1, 2, 3, 4].map(() => migrateElsewhere(database.url)));
  expect(applied.filter((names) => names.length > 0)).toHaveLength(1);
  const store = createOfflineStore({ databaseUrl: database.url, logger: silent });
  expect(await pendingMigrations(store)).toEqual([]);
  expect(await migrate(store)).toEqual({ applied: [] });
  await store.close();
});

test('a database that newer code has migrated is left alone', async ({ database }) => {
  const store = createOfflineStore({ databaseUrl: database.url, logger: silent });
  await migrate(store);
  await sql`insert into larder.migrations (name, timestamp) values ('9999_from_the_future', '')`.execute(
    store.db,
  );
  expect(await migrate(store)).toEqual({ applied: [] });
  await store.close();
});
