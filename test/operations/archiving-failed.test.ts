import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, newId } from '@larder/core';
import { openStateFolder, startEmbeddedPostgres } from '@larder/infra';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { postgresStanding } from '@larder/operations';
import { expect, inject, onTestFinished, test } from 'vitest';

test('a log that PostgreSQL cannot archive needs a person, until it can', async () => {
  const folder = openStateFolder(inject('testFolder'), 'archiving');
  const archive = join(folder.path, 'archive-is-there');
  const settings = { archive_mode: 'on', archive_command: `test -e "${archive}"` };
  const postgres = await startEmbeddedPostgres(folder, { settings });
  const logger = createLogger('test', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: postgres.url('postgres'), logger });
  onTestFinished(async () => {
    await store.close();
    await postgres.stop();
  });
  await migrate(store);
  const manifest = {
    format: 1 as const,
    project: newId(),
    connections: [],
    allowed_hosts: [],
    event_horizon_ms: 0,
    entities: {},
    feature_views: {},
    on_demand_feature_views: {},
    models: {},
  };
  const standing = async () => {
    const { problems, upkeep } = await postgresStanding(store, manifest);
    return { problems: problems.map(({ kind }) => kind), archived: upkeep.archivedAt !== null };
  };
  const endSegment = async () => {
    await store.pool.query(
      `select pg_logical_emit_message(true, 'test', 'so that the segment is not empty')`,
    );
    await store.pool.query('select pg_switch_wal()');
  };
  await endSegment();
  await expect
    .poll(standing, { timeout: 60_000 })
    .toEqual({ problems: ['archiving_failed'], archived: false });
  writeFileSync(archive, '');
  // The archiver rests up to a minute after failures; the end of a segment wakes it.
  await expect
    .poll(
      async () => {
        await endSegment();
        return standing();
      },
      { timeout: 90_000, interval: 2_000 },
    )
    .toEqual({ problems: [], archived: true });
}, 180_000);
