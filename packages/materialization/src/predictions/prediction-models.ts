import { LarderError } from '@larder/core';
import { storedInputs, type JsonValue, type Manifest, type ParentView } from '@larder/features';
import type { OpenHistory, OpenModelRows, RowSource } from '@larder/sources';

/** A version of a model, ready to predict in the threads of a worker. */
export interface PredictingVersion {
  readonly version: number;
  /** What it reads from the stores. */
  readonly views: readonly ParentView[];
  readonly computation: SuppliedComputation;
}

/** A computation that is no part of the project's code: the process that runs the threads supplies it. */
export interface SuppliedComputation {
  /** Another one has another id. */
  readonly id: string;
  /** Its module exports a `ComputationModule` by default. */
  readonly moduleUrl: string;
  readonly options: Readonly<Record<string, JsonValue>>;
  /** Hashes by the names that the module has for them. */
  readonly artifacts: Readonly<Record<string, string>>;
}

/** The port to the versions of models, which materialization does not know. */
export interface PredictionModels {
  /** What the champion alias points to now. @throws MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, MODEL_NOT_READY */
  live(model: string): Promise<PredictingVersion>;
  /** @throws as `live` */
  at(model: string, version: number): Promise<PredictingVersion>;
}

/** For processes that compute no predictions. */
export const NO_PREDICTIONS: PredictionModels = {
  live: (model) => refused(model),
  at: (model) => refused(model),
};

async function refused(model: string): Promise<never> {
  throw new LarderError('SOURCE_NOT_CONFIGURED', `This process has no versions of ${model} to predict with.`);
}

/** What the live version of a model reads. */
export function modelRows(models: PredictionModels, history: OpenHistory): OpenModelRows {
  return async (model) => {
    const { version, views } = await models.live(model);
    return rowsOf(views, version, history);
  };
}

/** What a model reads by its definition: for a process that counts the rows and predicts nothing. */
export function definedModelRows(manifest: Manifest, history: OpenHistory): OpenModelRows {
  return async (model) => rowsOf(storedInputs(manifest, model), NO_VERSION, history);
}

const NO_VERSION = 0;

function rowsOf(views: readonly ParentView[], modelVersion: number, history: OpenHistory): RowSource {
  return history({
    views: views.map(({ name, version, features }) => ({ view: name, version, features })),
    require: 'any',
    modelVersion,
  });
}
