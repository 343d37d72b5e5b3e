import type { Clock, Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { PredictionLog } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { openFunctions, withLivePolicies, type ArtifactStore, type ModelContent } from '@larder/registry';
import {
  compilePlan,
  precomputedOf,
  createPredictor,
  type PlanOptions,
  type PredictRequest,
  type Predictions,
  type Predictor,
  type PredictorDeps,
} from '@larder/serving';
import { acquireRunner, type SharedRunner } from './shared-runner.ts';

/** A model version that can answer: its functions are imported, its artifact is loaded, checked and warm. */
export interface ServedModel {
  readonly name: string;
  readonly version: number;
  /** Of the content it was made from. */
  readonly contentDigest: string | null;
  readonly predictor: Predictor;
  readonly runner: SharedRunner;
  predict(request: PredictRequest): Promise<Predictions>;
  /** The same version under the policies of `applied`; itself when they are the same. It is retired on its own. */
  under(applied: Manifest): ServedModel;
  /** Closes the model: no further request comes, and running ones finish first. */
  retire(): void;
}

export interface ServedModelDeps {
  readonly onlineStore: OnlineStore;
  readonly artifacts: Pick<ArtifactStore, 'get' | 'folder'>;
  /** Null: predictions are not logged. */
  readonly predictionLog: PredictionLog | null;
  readonly clock: Clock;
  readonly logger: Pick<Logger, 'warn'>;
  /** Receives the ages of a view's rows. */
  readonly agesOf?: PredictorDeps['agesOf'];
}

export interface ServedModelOptions {
  readonly name: string;
  readonly version: number;
  readonly content: ModelContent;
  readonly contentDigest: string | null;
  /** Its policies are in effect. */
  readonly applied: Manifest;
  /** Runners of versions in service when it is called: one is shared when it is the same. */
  readonly known: () => Iterable<SharedRunner>;
}

/** Gets what a version is made of, compiles its plan, loads its artifact and checks it. @throws ARTIFACT_NOT_FOUND, ARTIFACT_INVALID, MODEL_SIGNATURE_MISMATCH, MODEL_GOLDEN_MISMATCH */
export async function createServedModel(
  deps: ServedModelDeps,
  options: ServedModelOptions,
): Promise<ServedModel> {
  const { artifacts, onlineStore, logger } = deps;
  const { name, version, content, known } = options;
  const functionOf = await openFunctions(artifacts, content);
  const manifest = withLivePolicies(content.manifest, options.applied);
  const { model, width, tensors } = compilePlan({ manifest, functionOf, model: name, version, onlineStore });
  const folder = () => artifacts.folder(model.artifact.sha256);
  const runner = await acquireRunner({ model, width, tensors, folder }, { known, logger });
  return serve(deps, { ...options, functionOf, runner, manifest });
}

interface Loaded extends Omit<ServedModelOptions, 'known'> {
  readonly functionOf: PlanOptions['functionOf'];
  readonly runner: SharedRunner;
  /** The content's manifest under the policies in effect. */
  readonly manifest: Manifest;
}

function serve(deps: ServedModelDeps, loaded: Loaded): ServedModel {
  const { onlineStore, predictionLog, clock } = deps;
  const { name, version, content, contentDigest, functionOf, runner, manifest } = loaded;
  const precomputed = precomputedOf(loaded.applied, name);
  const plan = compilePlan({ manifest, functionOf, model: name, version, onlineStore, precomputed });
  const predictor = createPredictor({
    plan,
    onlineStore,
    runner: runner.model,
    predictionLog,
    clock,
    agesOf: deps.agesOf,
  });
  const meaning = JSON.stringify([manifest, precomputed]);
  const served: ServedModel = {
    name,
    version,
    contentDigest,
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
    under(applied) {
      const next = withLivePolicies(content.manifest, applied);
      if (JSON.stringify([next, precomputedOf(applied, name)]) === meaning) return served;
      runner.hold();
      return serve(deps, { ...loaded, applied, manifest: next });
    },
    retire: () => runner.release(),
  };
  return served;
}
