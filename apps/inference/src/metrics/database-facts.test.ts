import { createKey } from '@larder/access';
import { createMeters } from '@larder/core/metrics';
import { createOfflineStore } from '@larder/offline-store';
import { expect } from 'vitest';
import { logger, test } from '../testing/inference-test.ts';
import { collectDatabaseFacts } from './collect-database-facts.ts';
import { createDatabaseFacts } from './database-facts.ts';

test('freshness, staleness, coverage and problems of views are those of PostgreSQL, read once for all of them', async ({
  service,
}) => {
  const { offlineStore: store, project } = service;
  const ref = 'ad_image@1';
  const view = project.manifest.feature_views[ref];
  if (view === undefined) throw new Error(`The fixture has no ${ref}.`);
  const manifest = {
    ...project.manifest,
    feature_views: {
      ...project.manifest.feature_views,
      [ref]: { ...view, freshness_objective_ms: 3_600_000 },
    },
  };
  await store.pool.query(
    `insert into larder.view_freshness (project, view, version, newest_event_timestamp, newest_landed_at, newest_online_at, rows_online)
     values ($1, 'ad_image', 1, to_timestamp(1000), to_timestamp(2000), to_timestamp(3000), 17)
     on conflict (project, view, version) do update set newest_event_timestamp = excluded.newest_event_timestamp,
       newest_online_at = excluded.newest_online_at, rows_online = excluded.rows_online`,
    [project.name],
  );
  // A view version has its objective to be filled.
  await store.pool.query(
    `update larder.view_versions set created_at = now() - interval '2 hours' where project = $1 and view = 'ad_image'`,
    [project.name],
  );
  let applied: typeof manifest | null = null;
  const meters = createMeters('inference');
  collectDatabaseFacts(meters, createDatabaseFacts({ store, manifest: () => applied, keptMs: 0 }));
  expect(await meters.render()).not.toMatch(/^larder_view/m);
  applied = manifest;
  const text = await meters.render();
  expect(text).toContain(`larder_view_as_of_timestamp_seconds{view="${ref}"} 1000\n`);
  expect(text).toContain(`larder_view_online_timestamp_seconds{view="${ref}"} 3000\n`);
  expect(text).toContain(`larder_view_rows_online{view="${ref}"} 17\n`);
  expect(text).toContain(`larder_view_stale{view="${ref}"} 1\n`);
  expect(text.match(/^larder_view_stale\{/gm)).toHaveLength(1);
  expect(text).toMatch(/^larder_problems\{kind="view_stale",severity="act"\} 1$/m);
  expect(text).not.toMatch(/^larder_metrics_incomplete_total\{/m);
});

test('the age and the end of API keys are those on record', async ({ service }) => {
  const { offlineStore: store, project } = service;
  const by = { actor: 'test', granted: null };
  const key = (name: string, lifetimeMs: number | 'forever') =>
    createKey(store, {
      project: project.name,
      name,
      role: 'scraper',
      scopes: [],
      rate: null,
      lifetimeMs,
      by,
    });
  const { key: lasting } = await key('lasting', 'forever');
  const { key: ending } = await key('ending', 86_400_000);
  const meters = createMeters('inference');
  collectDatabaseFacts(meters, createDatabaseFacts({ store, manifest: () => project.manifest }));
  const text = await meters.render();
  const seconds = (name: string, { keyId, name: called }: typeof ending) =>
    Number(new RegExp(`^${name}\\{key="${keyId}",name="${called}"\\} (.+)$`, 'm').exec(text)?.[1]);
  const created = 'larder_api_key_secret_created_timestamp_seconds';
  expect(seconds(created, lasting)).toBeCloseTo((lasting.secrets[0]?.createdAt.getTime() ?? 0) / 1_000);
  expect(seconds(created, ending)).toBeCloseTo((ending.secrets[0]?.createdAt.getTime() ?? 0) / 1_000);
  const expires = 'larder_api_key_expires_timestamp_seconds';
  expect(seconds(expires, ending)).toBeCloseTo((ending.expiresAt?.getTime() ?? 0) / 1_000);
  expect(seconds(expires, lasting)).toBe(Number.NaN);
});

test('when PostgreSQL cannot be asked, these metrics are left out, and all others stay', async ({
  service,
}) => {
  const { config, project } = service;
  const store = createOfflineStore({ databaseUrl: config.databaseUrl, logger });
  await store.close();
  const meters = createMeters('inference');
  collectDatabaseFacts(meters, createDatabaseFacts({ store, manifest: () => project.manifest }));
  meters.collect('larder_models_not_ready', (report) => report({}, 0));
  await meters.render();
  const text = await meters.render();
  expect(text).toContain('larder_models_not_ready 0\n');
  expect(text).toMatch(
    /larder_metrics_incomplete_total\{metric="larder_view_stale",reason="failed"\} [12]\n/,
  );
});
