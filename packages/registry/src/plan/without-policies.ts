import {
  manifestWithoutSensitivity,
  type FeatureViewManifest,
  type Manifest,
  type ModelManifest,
} from '@larder/features';

const VIEW_POLICIES = [
  'ttl_ms',
  'schedule',
  'available_after_ms',
  'chunk_rows',
  'when_gone',
  'retention_ms',
  'freshness_objective_ms',
  'partial_push',
  'owner',
  'tags',
] as const satisfies (keyof FeatureViewManifest)[];

const MODEL_POLICIES = [
  'when_store_unavailable',
  'deadline_ms',
  'mode',
  'budget',
  'coverage',
  'label',
  'owner',
  'tags',
] as const satisfies (keyof ModelManifest)[];

/** What a manifest means for the values of features and the answers of models: everything that may not change at any time. */
export function withoutPolicies(given: Manifest): object {
  const manifest = manifestWithoutSensitivity(given);
  return {
    ...manifest,
    feature_views: stripped(manifest.feature_views, VIEW_POLICIES),
    models: stripped(manifest.models, MODEL_POLICIES),
  };
}

function stripped(definitions: Readonly<Record<string, object>>, policies: readonly string[]): object {
  return Object.fromEntries(
    Object.entries(definitions).map(([name, definition]) => [
      name,
      Object.fromEntries(Object.entries(definition).filter(([member]) => !policies.includes(member))),
    ]),
  );
}
