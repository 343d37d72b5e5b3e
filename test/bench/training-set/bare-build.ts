/** Builds one training set and prints its time and the most memory that the process had. */
import { join } from 'node:path';
import { createLogger, systemClock } from '@larder/core';
import { loadedFunctions, loadProject } from '@larder/features';
import { createOfflineStore } from '@larder/offline-store';
import { buildTrainingSet } from '@larder/training';

const [url = '', spine = '', folder = ''] = process.argv.slice(2);
const project = await loadProject(join(import.meta.dirname, '../point-in-time/larder.config.ts'));
const store = createOfflineStore({ databaseUrl: url, logger: createLogger('bench', { level: 'error' }) });
const started = performance.now();
const stages = new Map<string, number>();
const manifest = await buildTrainingSet(
  {
    store,
    definitions: { manifest: project.manifest, functionOf: loadedFunctions(project) },
    connections: {},
    actor: 'bench',
    clock: systemClock,
  },
  {
    features: { kind: 'list', references: ['stats_1', 'stats_2', 'stats_3', 'stats_4', 'stats_5', 'basket'] },
    spine: { kind: 'file', path: spine, format: 'parquet' },
    split: { by: 'time', shares: [0.8, 0.1, 0.1] },
    engine: 'postgresql',
    folder,
  },
  { onProgress: ({ stage }) => stages.set(stage, stages.get(stage) ?? performance.now() - started) },
);
await store.close();
console.log(
  JSON.stringify({
    rows: manifest.spine.rows,
    features: manifest.features.length,
    seconds: (performance.now() - started) / 1_000,
    stages: Object.fromEntries(stages),
    peakMb: process.resourceUsage().maxRSS / 1_024,
  }),
);
