import type { Clock, Logger } from '@larder/core';
import { loadedFunctions, type LoadedProject, type Manifest } from '@larder/features';
import type { PredictionLog } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import {
  compilePlan,
  createPredictor,
  type PredictRequest,
  type Predictions,
  type Predictor,
} from '@larder/serving';
import { acquireRunner, type SharedRunner } from './shared-runner.ts';

/** A model version in service. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
  readonly predictor: Predictor;
  readonly runner: SharedRunner;
  predict(request: PredictRequest): Promise<Predictions>;
  /** Closes the model: no further request comes, and running ones finish first. */
  retire(): void;
}

export interface ServedModelDeps {
  readonly project: LoadedProject;
  readonly onlineStore: OnlineStore;
  readonly predictionLog: PredictionLog;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
}

export interface ServedModelOptions {
  readonly manifest: Manifest;
  readonly name: string;
  readonly version: number;
  /** The version in service so far: its runner is kept when artifact and features are the same. */
  readonly before: ServedModel | undefined;
}

/** Compiles the plan, loads the artifact and checks it. @throws MODEL_NOT_READY, ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH */
export async function createServedModel(
  deps: ServedModelDeps,
  options: ServedModelOptions,
): Promise<ServedModel> {
  const { project, onlineStore, predictionLog, clock, logger } = deps;
  const { manifest, name, version, before } = options;
  const plan = compilePlan({
    manifest,
    functionOf: loadedFunctions(project),
    model: name,
    version,
    onlineStore,
  });
  const runner = await acquireRunner(
    { root: project.root, model: plan.model, width: plan.width },
    { before: before?.runner, logger },
  );
  const predictor = createPredictor({ plan, onlineStore, runner: runner.model, predictionLog, clock });
  return {
    name,
    version,
    predictor,
    runner,
    async predict(request) {
      runner.hold();
      try {
        return await predictor.predict(request);
      } finally {
        runner.release();
      }
    },
    retire: () => runner.release(),
  };
}
