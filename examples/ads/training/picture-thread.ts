import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { createLogger } from '@larder/core';
import { artifactFolder, type Computation, type FeatureView, type SourceRow } from '@larder/features';
import adsProject, { adImage, adText } from '../larder.config.ts';
import type { PictureFeatures } from './compute-pictures.ts';

/* A thread of `computePictures`: receives rows of the source, answers with the features of their pictures. */

export interface PictureThreadData {
  readonly views: readonly string[];
}

const ROOT = join(import.meta.dirname, '..');
const { views } = workerData as PictureThreadData;
const computations: [string, Computation][] = await Promise.all(
  [adImage, adText]
    .filter(({ name }) => views.includes(name))
    .map(async (view) => [view.name, await computationOf(view)] as [string, Computation]),
);

parentPort?.on('message', (rows: readonly SourceRow[]) => {
  void compute(rows).then((features) => parentPort?.postMessage(features));
});
parentPort?.postMessage('ready');

async function compute(rows: readonly SourceRow[]): Promise<PictureFeatures[]> {
  const ofViews = await Promise.all(
    computations.map(([, computation]) => Promise.all(rows.map((row) => featuresOf(computation, row)))),
  );
  return rows.map((_, at) =>
    Object.fromEntries(computations.map(([view], of) => [view, ofViews[of]?.[at] ?? {}])),
  );
}

/** A busy machine may exceed a time limit, so every picture gets three tries. */
async function featuresOf(computation: Computation, row: SourceRow): Promise<PictureFeatures[string]> {
  for (let tries = 1; ; tries++) {
    const [outcome] = await computation.compute([row], new AbortController().signal);
    if (outcome && 'values' in outcome) return outcome.values;
    if (tries === 3) throw new Error(`${String(row['ad_id'])}: ${outcome?.failure.reason}`);
  }
}

async function computationOf({ name, compute: descriptor }: FeatureView): Promise<Computation> {
  if (descriptor === null) throw new Error(`${name} has no computation.`);
  const module = await descriptor.load();
  return module.createComputation({
    options: descriptor.options,
    artifactPaths: Object.fromEntries(
      Object.entries(descriptor.artifacts).map(([key, artifact]) => [
        key,
        artifactFolder(artifact, ROOT) as string,
      ]),
    ),
    allowedHosts: adsProject.allowedHosts,
    logger: createLogger('training', { level: 'warn' }),
  });
}
