import type { TrainingSetManifest } from '../training-set-manifest.ts';
import type {
  EngineChoice,
  RequestedFeatures,
  SpineSource,
  SplitRequest,
  SplitShares,
  TrainingSetRequest,
} from '../training-set-request.ts';

export interface AgainRequest {
  readonly manifest: TrainingSetManifest;
  readonly folder: string;
  /** Where the rows are now. @default where they were */
  readonly spine?: SpineSource | undefined;
  /** @default as asked for then */
  readonly engine?: EngineChoice | undefined;
}

/** The request that a manifest is the answer to. */
export function requestOf({ manifest, folder, spine, engine }: AgainRequest): TrainingSetRequest {
  return {
    features: featuresOf(manifest),
    spine: spine ?? sourceOf(manifest),
    timeColumn: manifest.spine.time_column,
    cutOff: manifest.cut_off,
    engine: engine ?? manifest.engine.asked,
    split: splitOf(manifest),
    format: manifest.files[0]?.format,
    folder,
  };
}

/** By the exact versions that were built, whatever is newest now. */
export function featuresOf({
  model,
  features,
}: Pick<TrainingSetManifest, 'model' | 'features'>): RequestedFeatures {
  if (model !== null) return { kind: 'model', model: model.name, version: model.version };
  return {
    kind: 'list',
    references: features.map(({ name, view, version }) => {
      const feature = name.slice(name.indexOf(':') + 1);
      return version === null ? `${view}:${feature}` : `${view}@${version}:${feature}`;
    }),
  };
}

function sourceOf({ spine: { source }, created_at: createdAt }: TrainingSetManifest): SpineSource {
  if (source.kind !== 'predictions') return source;
  const { labels_as_of: labelsAsOf, ...rest } = source;
  return { ...rest, labelsAsOf: labelsAsOf ?? createdAt };
}

function splitOf({ split }: TrainingSetManifest): SplitRequest | null {
  if (split === null) return null;
  const shares = split.shares as unknown as SplitShares;
  return split.by === 'time'
    ? { by: 'time', shares }
    : { by: 'group', column: split.column, seed: split.seed, shares };
}
