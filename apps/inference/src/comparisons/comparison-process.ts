// The process that makes one comparison: what it needs of CPU and memory is not the service's.
import { rmSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createLogger, isLarderError, LarderError, systemClock, toLarderError } from '@larder/core';
import { createOfflineStore } from '@larder/offline-store';
import {
  appliedManifest,
  createArtifactStore,
  findVersionDefinitions,
  openWithArtifact,
  requireModel,
  type ComparisonDeps,
} from '@larder/registry';
import { checkParity, compareViews, parityJson } from '@larder/training';
import { brokenInside } from '../training-sets/broken-inside.ts';
import { watchDisk } from '../training-sets/watch-disk.ts';
import { watchMemory } from '../training-sets/watch-memory.ts';
import { bytesIn } from '../training-sets/written-files.ts';
import type {
  AskedComparison,
  ComparisonJob,
  ComparisonMessage,
  ComparisonProgress,
} from './comparison-job.ts';

const PROGRESS_INTERVAL_MS = 250;

const stopped = new AbortController();
const { signal } = stopped;
// The service is gone.
process.once('disconnect', () => process.exit(1));
// The caller is gone, or the service closes.
process.once('SIGTERM', () => stopped.abort(new Error('The comparison was stopped.')));
process.once('SIGINT', () => {}); // a terminal sends it to the service too
process.once('message', (job) => void run(job as ComparisonJob));

async function run(job: ComparisonJob): Promise<void> {
  const { temporaryFolder: folder } = job;
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const exceeded = (reason: string): void => end({ error: { code: 'WORK_MEMORY_EXCEEDED', reason } });
  watchMemory(job.memoryMb, exceeded);
  watchDisk({ limitMb: job.diskMb, written: () => bytesIn(folder), exceeded });
  const logger = createLogger('larder-comparison', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: job.databaseUrl, maxConnections: 3, logger });
  const deps = { store, artifacts: createArtifactStore({ store, ...job.artifacts, logger }) };
  try {
    const { asked } = job;
    const answer = asked.kind === 'views' ? await views(job, deps, asked) : await parity(job, deps, asked);
    end({ answer: JSON.stringify(answer) });
  } catch (error) {
    const { code, message, errors } = toLarderError(error);
    const reason = isLarderError(error) ? message : 'Something broke inside Larder.';
    end({ error: { code, reason, errors }, ...brokenInside(error) });
  }
}

async function parity(
  { project }: ComparisonJob,
  deps: ComparisonDeps,
  { model, version, from, to, limit }: Extract<AskedComparison, { readonly kind: 'parity' }>,
) {
  await requireModel(deps, { project, model, version });
  const report = await checkParity(
    {
      store: deps.store,
      clock: systemClock,
      definitionsOf: (each) => findVersionDefinitions(deps, { project, model, version: each }),
    },
    {
      project,
      model,
      version,
      from: from === undefined ? undefined : new Date(from),
      to: to === undefined ? undefined : new Date(to),
      limit,
      signal,
      onProgress: (done) => tell({ done, total: limit }),
    },
  );
  return parityJson(report);
}

async function views(
  { project, temporaryFolder, actor }: ComparisonJob,
  deps: ComparisonDeps,
  asked: Extract<AskedComparison, { readonly kind: 'views' }>,
) {
  const { store } = deps;
  const applied = await appliedManifest(store, project);
  if (applied === null)
    throw new LarderError('DEFINITION_NOT_LOADED', "Nothing is applied yet; run 'larder apply'.");
  await mkdir(temporaryFolder, { recursive: true });
  return compareViews(
    {
      store,
      manifest: applied.manifest,
      openModel: (reference) => openWithArtifact(deps, { project, reference }),
      connections: {},
      temporaryFolder,
      actor,
      clock: systemClock,
    },
    asked,
    { signal, onProgress: tell },
  );
}

let toldAtMs = 0;

function tell(progress: ComparisonProgress): void {
  if (performance.now() - toldAtMs < PROGRESS_INTERVAL_MS) return;
  toldAtMs = performance.now();
  process.send?.({ progress } satisfies ComparisonMessage);
}

function end(message: ComparisonMessage): void {
  // Nothing of the stores and of the project's own code keeps it alive.
  process.send?.(message, () => process.exit());
}
