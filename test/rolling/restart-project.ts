import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { applyProject, createArtifactStore } from '@larder/registry';

export const logger = createLogger('test', { level: 'silent' });

export interface RestartStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

/** Ads in the table of the source. */
export const ADS = 200;
const CHUNK_ROWS = 20;

/** Writes the project into a folder, as a checkout would be. @returns the path of its configuration */
export async function writeProject(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const configPath = join(folder, 'larder.config.ts');
  await writeFile(configPath, CONFIG);
  await writeFile(join(folder, 'brighten.ts'), BRIGHTEN);
  await writeLogisticArtifact(join(folder, 'model'), {
    features: ['ad_image:brightness', 'ad_stats:clicks'],
    weights: [0.5, 0.01],
  });
  return configPath;
}

/** Migrates the database, fills the table of the source and applies the project. */
export async function applyIn(folder: string, { databaseUrl }: RestartStores): Promise<void> {
  const store = createOfflineStore({ databaseUrl, logger });
  const artifacts = createArtifactStore({ store, url: null, cacheFolder: join(folder, 'cache'), logger });
  try {
    await migrate(store);
    await store.pool.query(`create table if not exists public.ads (ad_id text primary key, level float8)`);
    await store.pool.query(
      `insert into public.ads select 'ad-' || at, at from generate_series(1, ${ADS}) at on conflict do nothing`,
    );
    await applyProject({ store, artifacts }, await loadProject(join(folder, 'larder.config.ts')), {
      actor: 'test',
    });
  } finally {
    await artifacts.close();
    await store.close();
  }
}

const CONFIG = `
import { artifact, computeWith, entity, f, featureView, model, project } from '@larder/features';
import { pushSource, sqlSource } from '@larder/sources';

export default project('restarted');

export const ad = entity('ad', { ad_id: f.string() });

/** Slow enough that a worker is stopped in the middle of a chunk. */
export const adImage = featureView('ad_image', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  chunkRows: ${CHUNK_ROWS},
  source: sqlSource({
    connection: 'shop',
    query: "select ad_id, level, timestamptz '2026-01-01' as event_timestamp from ads",
  }),
  compute: computeWith(import.meta.url, () => import('./brighten.ts')),
  schema: { brightness: f.float32() },
});

export const adStats = featureView('ad_stats', {
  version: 1,
  entity: ad,
  ttl: 'forever',
  source: pushSource(),
  schema: { clicks: f.float32() },
});

export const adCtr = model('ad_ctr', {
  features: [adImage, adStats],
  output: { ctr: f.float32() },
  artifact: artifact('model'),
  deadline: '10s',
  missing: 0,
});
`;

const BRIGHTEN = `
import { setTimeout as delay } from 'node:timers/promises';
import { defineComputation } from '@larder/features';

export default defineComputation(async (rows, { signal }) => {
  await delay(10 * rows.length, undefined, { signal });
  return rows.map(({ level }) => ({ values: { brightness: Number(level) / 100 } }));
});
`;
