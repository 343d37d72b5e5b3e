import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject } from '@larder/features';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { createOfflineStore, type OfflineStore, keyHasher } from '@larder/offline-store';
import { compileRowCodec, connectRedis, createOnlineStore, waitForRedis } from '@larder/online-store';
import { applyProject, createArtifactStore } from '@larder/registry';

export const logger = createLogger('test', { level: 'silent' });

/** One state of a project: its view, its function and its weights have the number of the release. */
export interface Release {
  readonly configPath: string;
  readonly number: number;
}

/** What a release answers for the one ad: the model sums what the view stores and what the function returns. */
export function scoreOf(release: number): number {
  return 1 / (1 + Math.exp(-(release * (STORED * release + release / 10))));
}

/** The view `ad@1` stores this, `ad@2` twice as much. */
const STORED = 0.25;

/** Writes the project of a release into its own folder, as a checkout on another machine would be. */
export async function writeRelease(folder: string, number: number): Promise<Release> {
  const root = join(folder, `release-${number}`);
  await mkdir(root, { recursive: true });
  const configPath = join(root, 'larder.config.ts');
  await writeFile(configPath, configOf(number));
  await writeLogisticArtifact(join(root, 'model'), {
    features: ['ad:level', 'bonus:value'],
    weights: [number, number],
  });
  return { configPath, number };
}

const configOf = (number: number) => `
import { artifact, entity, f, featureView, model, onDemandFeatureView, project } from '@larder/features';
import { sqlSource } from '@larder/sources';

const source = sqlSource({ connection: 'none', query: 'select 1' });
export const shop = entity('shop', { ad_id: f.string() });
export const ad = featureView('ad', {
  version: ${number},
  entity: shop,
  ttl: 'forever',
  source,
  schema: { level: f.float32() },
});
export const bonus = onDemandFeatureView('bonus', {
  request: { bid: f.float64() },
  schema: { value: f.float32() },
  compute: ({ request }) => ({ value: (request.bid * ${number}) / 10 }),
});
export const adCtr = model('ad_ctr', {
  features: [ad, bonus],
  output: { ctr: f.float32() },
  artifact: artifact('model'),
  deadline: '1s',
});
export default project('deployed');
`;

/** Applies a release, and puts the row of its view into the online store. @returns the model's version */
export async function applyRelease(
  release: Release,
  { databaseUrl, redisUrl, cacheFolder }: DeployStores,
): Promise<number> {
  const project = await loadProject(release.configPath);
  const connection = connectRedis(redisUrl, { role: 'worker' });
  const store = createOfflineStore({ databaseUrl, logger });
  const artifacts = createArtifactStore({ store, url: null, cacheFolder, logger });
  try {
    await waitForRedis(connection, 30_000);
    const ref = `ad@${release.number}`;
    const view = project.manifest.feature_views[ref];
    if (view === undefined) throw new Error(`The release has no ${ref}.`);
    const now = Date.now();
    const order = { eventTimestampMs: now, createdTimestampMs: now, revision: 1 };
    const row = compileRowCodec(view).encode(order, { level: STORED * release.number });
    const online = createOnlineStore({
      redis: connection,
      project: project.name,
      keyHasher: async () => keyHasher(Buffer.alloc(32)),
    });
    await online.write([{ entity: 'shop', entityKey: 'ad-1', viewRef: ref, ttlMs: view.ttl_ms, row }]);
    const { modelVersions } = await applyProject({ store, artifacts }, project, { actor: 'test' });
    return modelVersions['ad_ctr'] ?? 0;
  } finally {
    connection.disconnect();
    await artifacts.close();
    await store.close();
  }
}

export interface DeployStores {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly cacheFolder: string;
}

export function openStore(databaseUrl: string): OfflineStore {
  return createOfflineStore({ databaseUrl, logger });
}
