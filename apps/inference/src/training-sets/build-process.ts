// The process that builds one training set: what it needs of CPU and memory is not the service's.
import { createLogger, isLarderError, systemClock, toLarderError } from '@larder/core';
import { loadedFunctions, loadProject } from '@larder/features';
import { createOfflineStore } from '@larder/offline-store';
import { createArtifactStore, openAppliedDefinitions, openModelDefinitions } from '@larder/registry';
import { buildAgain, buildTrainingSet, type BuildOptions, type RequestedFeatures } from '@larder/training';
import { brokenInside } from './broken-inside.ts';
import type { BuildJob, BuildMessage } from './build-job.ts';
import { watchDisk } from './watch-disk.ts';
import { watchMemory } from './watch-memory.ts';
import { writtenBytes } from './written-files.ts';

const PROGRESS_INTERVAL_MS = 250;

const stopped = new AbortController();
// The service is gone, or closes.
process.once('disconnect', () => process.exit(1));
process.once('SIGTERM', () => stopped.abort(new Error('The service stops.')));
process.once('SIGINT', () => {}); // a terminal sends it to the service too
process.once('message', (job) => void run(job as BuildJob));

async function run(job: BuildJob): Promise<void> {
  const exceeded = (reason: string): void => end({ error: { code: 'WORK_MEMORY_EXCEEDED', reason } });
  watchMemory(job.memoryMb, exceeded);
  watchDisk({ limitMb: job.diskMb, written: () => writtenBytes(job, process.pid), exceeded });
  const logger = createLogger('larder-training', { level: 'silent' });
  const store = createOfflineStore({ databaseUrl: job.databaseUrl, maxConnections: 4, logger });
  const artifacts = createArtifactStore({ store, ...job.artifacts, logger });
  let toldAtMs = 0;
  try {
    const { features, definitions } = await open(job, { store, artifacts });
    const { timeColumn, cutOff, engine, split, format, spine } = job.asked;
    const deps = {
      store,
      definitions,
      connections: job.connections,
      temporaryFolder: job.temporaryFolder,
      maxSpineRows: job.maxSpineRows,
      actor: job.actor,
      clock: systemClock,
    };
    const options: BuildOptions = {
      trainingSetId: job.trainingSetId,
      processId: job.processId,
      signal: stopped.signal,
      onProgress(progress) {
        if (performance.now() - toldAtMs < PROGRESS_INTERVAL_MS) return;
        toldAtMs = performance.now();
        process.send?.({ progress } satisfies BuildMessage);
      },
    };
    const { folder, again: manifest } = job;
    if (manifest === null)
      await buildTrainingSet(
        deps,
        { features, spine, timeColumn, cutOff, engine, split, format, folder },
        options,
      );
    else await buildAgain(deps, { manifest, spine, engine, folder }, options);
    end({ done: true });
  } catch (error) {
    const { code, message } = toLarderError(error);
    const reason = isLarderError(error) ? message : 'Something broke inside Larder.';
    end({ error: { code, reason }, ...brokenInside(error) });
  }
}

async function open(
  { asked, project, projectPath }: BuildJob,
  deps: Parameters<typeof openModelDefinitions>[0],
) {
  if ('references' in asked.features) {
    const features: RequestedFeatures = { kind: 'list', references: asked.features.references };
    const loaded = await loadProject(projectPath, { artifacts: 'optional' }).then(
      (found) => ({ manifest: found.manifest, functionOf: loadedFunctions(found) }),
      () => undefined,
    );
    return { features, definitions: await openAppliedDefinitions(deps, { project, loaded }) };
  }
  const { model, version } = asked.features;
  const definitions = await openModelDefinitions(deps, { project, model, version });
  const features: RequestedFeatures = { kind: 'model', model, version: definitions.version };
  return { features, definitions };
}

function end(message: BuildMessage): void {
  // Nothing of the stores and of the project's own code keeps it alive.
  process.send?.(message, () => process.exit());
}
