import { cpSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { loadProject, type LoadedProject } from '@larder/features';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres, startEmbeddedRedis } from '@larder/infra';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { createOfflineStore, migrate, keyHasher } from '@larder/offline-store';
import {
  compileRowCodec,
  connectRedis,
  createOnlineStore,
  waitForRedis,
  type OnlineStore,
} from '@larder/online-store';
import { applyManifest } from '@larder/registry';

export const ADS = 2_000;
/** Columns of the tensor: embedding, brightness, colourfulness, impressions, clicks, ctr, hour_sin, hour_cos. */
export const WIDTH = 519;

const EVENT_MS = Date.now() - 3_600_000;

export interface Prepared {
  /** Environment of the servers: `LARDER_*` and the model's file. */
  readonly env: Readonly<Record<string, string>>;
  /** Stops Redis and PostgreSQL. */
  readonly processIds: readonly number[];
  close(): Promise<void>;
}

/** A project whose views are filled for so many entities of each kind. */
export interface PreparedProject extends PreparedModel {
  /** Path of its `larder.config.ts`. */
  readonly config: string;
  readonly entities: Readonly<Record<string, number>>;
  /** Models beside the first, which is that of the floors. */
  readonly moreModels?: readonly PreparedModel[];
  /** Fills the windowed views. */
  readonly fillWindows?: (onlineStore: OnlineStore, project: LoadedProject) => Promise<void>;
}

export interface PreparedModel {
  readonly model: string;
  readonly output: string;
  readonly width: number;
  /** `view:feature` in the order of the tensor. */
  readonly features: readonly string[];
}

const AD_CTR: PreparedProject = {
  config: join(import.meta.dirname, 'larder.config.ts'),
  entities: { ad: ADS },
  model: 'ad_ctr',
  output: 'ctr',
  width: WIDTH,
  features: [
    'ad_image:embedding',
    'ad_image:brightness',
    'ad_image:colourfulness',
    'ad_stats:impressions',
    'ad_stats:clicks',
    'ad_stats:ctr',
    'moment:hour_sin',
    'moment:hour_cos',
  ],
};

/** Node loads a module once for each path, so that every project of a run has its own. */
let places = 0;

/** Private stores with the entities, the applied project and its model; the same for Larder and for the floors. */
export async function prepare(prepared: PreparedProject = AD_CTR): Promise<Prepared> {
  const folder = openStateFolder(
    resolve(import.meta.dirname, '../../..'),
    `bench-${process.pid}-${++places}`,
  );
  const root = join(folder.path, 'project');
  mkdirSync(root, { recursive: true });
  cpSync(prepared.config, join(root, 'larder.config.ts'));
  for (const { model, output, width, features } of [prepared, ...(prepared.moreModels ?? [])]) {
    const weights = Array.from({ length: width }, (_, column) => Math.sin(column) / 50);
    await writeLogisticArtifact(join(root, 'models', model), { features, weights, output });
  }
  const [redis, postgres] = await Promise.all([
    startEmbeddedRedis(folder, { durable: false }),
    startEmbeddedPostgres(folder, { durable: false }),
  ]);
  await postgres.createDatabase('bench');
  const configPath = join(root, 'larder.config.ts');
  const databaseUrl = postgres.url('bench');
  await fill(prepared, { configPath, databaseUrl, redisUrl: redis.url });
  return {
    env: {
      LARDER_PROJECT: configPath,
      LARDER_DATABASE_URL: databaseUrl,
      LARDER_REDIS_URL: redis.url,
      LARDER_PORT: '0',
      LARDER_LOG_LEVEL: 'info',
      // the floor's own
      BENCH_MODEL: join(root, 'models', prepared.model, 'model.onnx'),
    },
    processIds: [redis.process.pid, postgres.process.pid],
    async close() {
      await Promise.all([redis.stop(), postgres.stop()]);
      removeStateFolder(folder);
    },
  };
}

async function fill(
  { entities, fillWindows }: PreparedProject,
  urls: { readonly configPath: string; readonly databaseUrl: string; readonly redisUrl: string },
): Promise<void> {
  const project = await loadProject(urls.configPath);
  const logger = createLogger('bench', { level: 'silent' });
  const offlineStore = createOfflineStore({ databaseUrl: urls.databaseUrl, logger });
  await migrate(offlineStore);
  await applyManifest(offlineStore, project.manifest, { actor: 'bench' });
  await offlineStore.close();
  const connection = connectRedis(urls.redisUrl, { role: 'tool' });
  await waitForRedis(connection, 30_000);
  const onlineStore = createOnlineStore({
    redis: connection,
    project: project.name,
    keyHasher: async () => keyHasher(Buffer.alloc(32)),
  });
  const rows = Object.entries(project.manifest.feature_views).flatMap(([viewRef, view]) => {
    if (view.windowed !== undefined) return [];
    const codec = compileRowCodec(view);
    const order = { eventTimestampMs: EVENT_MS, createdTimestampMs: EVENT_MS, revision: 1 };
    return Array.from({ length: entities[view.entity] ?? 0 }, (_, ad) => {
      const values = Object.fromEntries(
        view.schema.map(({ name, type }, at) => [
          name,
          type === 'vector'
            ? Float32Array.from({ length: 512 }, (__, k) => Math.sin(ad + k))
            : Math.fround(Math.cos(ad + at)),
        ]),
      );
      return {
        entity: view.entity,
        entityKey: `${view.entity}-${ad}`,
        viewRef,
        ttlMs: view.ttl_ms,
        row: codec.encode(order, values),
      };
    });
  });
  for (let at = 0; at < rows.length; at += 500) await onlineStore.write(rows.slice(at, at + 500));
  await fillWindows?.(onlineStore, project);
  connection.disconnect();
}
