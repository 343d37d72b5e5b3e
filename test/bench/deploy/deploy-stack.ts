import { join, resolve } from 'node:path';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres, startEmbeddedRedis } from '@larder/infra';
import { migrate } from '@larder/offline-store';
import { openStore, writeRelease, type DeployStores, type Release } from '../../deploy/deploy-project.ts';

export interface DeployStack {
  readonly stores: DeployStores;
  readonly old: Release;
  readonly next: Release;
  close(): Promise<void>;
}

/** Private stores, and two releases of a project that differ in a view, a function and the model's weights. */
export async function startDeployStack(): Promise<DeployStack> {
  const folder = openStateFolder(resolve(import.meta.dirname, '../../..'), `bench-${process.pid}`);
  const [redis, postgres] = await Promise.all([
    startEmbeddedRedis(folder, { durable: false }),
    startEmbeddedPostgres(folder, { durable: false }),
  ]);
  await postgres.createDatabase('bench');
  const databaseUrl = postgres.url('bench');
  const store = openStore(databaseUrl);
  await migrate(store);
  await store.close();
  return {
    stores: { databaseUrl, redisUrl: redis.url, cacheFolder: join(folder.path, 'cache') },
    old: await writeRelease(folder.path, 1),
    next: await writeRelease(folder.path, 2),
    async close() {
      await Promise.all([redis.stop(), postgres.stop()]);
      removeStateFolder(folder);
    },
  };
}
