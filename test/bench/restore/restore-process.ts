import { join } from 'node:path';
import { createLogger } from '@larder/core';
import { findFeatureView, loadProject } from '@larder/features';
import { restoreView } from '@larder/materialization/restore';
import { createOfflineStore, projectKeyHasher } from '@larder/offline-store';
import { connectRedis, createOnlineStore } from '@larder/online-store';
import { peakBytes } from '../materialize/process-usage.ts';

/** Restores the view in a process of its own, as the command line does, and tells its time, CPU and memory. */
const [databaseUrl, redisUrl] = process.argv.slice(2) as [string, string];
const { manifest } = await loadProject(join(import.meta.dirname, '../materialize/larder.config.ts'));
const store = createOfflineStore({ databaseUrl, logger: createLogger('bench', { level: 'error' }) });
const redis = connectRedis(redisUrl, { role: 'worker' });
const { project } = manifest;
const onlineStore = createOnlineStore({ redis, project, keyHasher: () => projectKeyHasher(store, project) });
await redis.ping();
const started = performance.now();
const before = process.cpuUsage();
let rows = 0;
await restoreView({
  store,
  onlineStore,
  manifest,
  view: findFeatureView(manifest, 'account_stats'),
  onRows: ({ created, replaced }) => void (rows += created + replaced),
});
const seconds = (performance.now() - started) / 1_000;
const { user, system } = process.cpuUsage(before);
redis.disconnect();
await store.close();
console.log(
  JSON.stringify({ rows, seconds, cpuSeconds: (user + system) / 1e6, peakBytes: peakBytes(process.pid) }),
);
