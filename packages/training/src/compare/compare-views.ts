import type { Manifest } from '@larder/features';
import type {
  BuildOptions,
  TrainingSetDefinitions,
  TrainingSetDeps,
} from '../training-set/build-training-set.ts';
import { comparableViews } from './comparable-views.ts';
import { compareHistory, type ComparedHistory } from './compare-history.ts';
import { comparePredictions, type ComparedModel, type ComparedPredictions } from './compare-predictions.ts';

export interface CompareViewsDeps extends Omit<TrainingSetDeps, 'definitions'> {
  /** What is applied. */
  readonly manifest: Manifest;
  /** A version of a model as the registry has it: `ad_ctr`, `ad_ctr@2`. */
  readonly openModel: (name: string) => Promise<OpenedModel>;
}

export interface OpenedModel extends ComparedModel {
  readonly definitions: TrainingSetDefinitions;
}

export interface CompareViewsRequest {
  /** `ad_image@1` */
  readonly before: string;
  readonly after: string;
  /** Also its predictions. */
  readonly model?: string | undefined;
  /** The newest logged predictions, so many at most. */
  readonly limit: number;
  readonly tolerance: number;
}

export interface ComparedViews extends ComparedHistory {
  readonly before: string;
  readonly after: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly retyped: readonly string[];
  readonly predictions: ComparedPredictions | null;
}

/**
 * Compares the newest rows of two view versions and, where a model is named, its predictions with either.
 * @throws VIEW_NOT_FOUND, REQUEST_INVALID, and as `openModel`
 */
export async function compareViews(
  deps: CompareViewsDeps,
  request: CompareViewsRequest,
  { signal, onProgress }: Pick<BuildOptions, 'signal' | 'onProgress'>,
): Promise<ComparedViews> {
  const { manifest, openModel, ...forSets } = deps;
  const { before, after, model, limit, tolerance } = request;
  const views = comparableViews(manifest, [before, after]);
  const opened = model === undefined ? null : await openModel(model);
  const history = await compareHistory(deps.store, manifest, { ...views, signal });
  const predictions =
    opened &&
    (await comparePredictions({ ...forSets, definitions: opened.definitions }, views, {
      model: opened,
      limit,
      tolerance,
      signal,
      ...(onProgress && { onProgress }),
    }));
  const { added, removed, retyped } = views;
  return { before, after, ...history, added, removed, retyped, predictions };
}
