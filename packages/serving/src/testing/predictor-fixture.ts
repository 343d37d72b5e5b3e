import { join } from 'node:path';
import { systemClock, type Clock } from '@larder/core';
import { loadedFunctions, type LoadedProject, type Manifest } from '@larder/features';
import { loadModel, type ModelRunner } from '@larder/model-runtime';
import type { PredictionLog } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { compilePlan, type PlanOptions } from '../plan/compile-plan.ts';
import { precomputedOf } from '../precomputed/precomputed-of.ts';
import { createPredictor } from '../create-predictor.ts';
import type { ResolveMissing } from '../readings/resolve-missing.ts';
import type { Predictor, PredictorDeps } from '../predictor.ts';

export interface FixturePredictorOptions {
  readonly project: LoadedProject;
  readonly onlineStore: OnlineStore;
  readonly model: string;
  readonly manifest?: Manifest;
  /** @default the project's functions */
  readonly functionOf?: PlanOptions['functionOf'];
  readonly predictionLog?: PredictionLog;
  readonly clock?: Clock;
  readonly placement?: 'inline' | 'pool';
  readonly resolveMissing?: ResolveMissing;
  readonly agesOf?: PredictorDeps['agesOf'];
}

/** Creates a predictor for one of the fixture's models with its real artifact; close its runner afterwards. */
export async function fixturePredictor(
  options: FixturePredictorOptions,
): Promise<Predictor & { readonly runner: ModelRunner }> {
  const {
    project,
    onlineStore,
    model,
    manifest = project.manifest,
    predictionLog = null,
    clock = systemClock,
  } = options;
  const plan = compilePlan({
    manifest,
    functionOf: options.functionOf ?? loadedFunctions(project),
    model,
    version: 1,
    onlineStore,
    precomputed: precomputedOf(manifest, model),
  });
  const runner = await loadModel({
    artifactPath: join(project.root, plan.model.artifact.path),
    expectedFeatures: plan.model.inputs.flatMap(({ view, features }) =>
      features.map((name) => `${view}:${name}`),
    ),
    width: plan.width,
    ...(plan.tensors !== null && {
      inputs: plan.tensors.map(({ name, features }) => ({ name, features })),
    }),
    missing: plan.model.missing === 'nan' ? Number.NaN : plan.model.missing,
    outputs: plan.model.outputs.map(({ name }) => name),
    placement: options.placement ?? 'inline',
  });
  return {
    ...createPredictor({
      plan,
      onlineStore,
      runner,
      predictionLog,
      clock,
      resolveMissing: options.resolveMissing,
      agesOf: options.agesOf,
    }),
    runner,
  };
}
