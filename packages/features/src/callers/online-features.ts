import type { JsonInputs } from './json-forms.ts';
import type { FeatureView } from '../definition/feature-view.ts';
import type { JsonValue, T } from '../definition/field.ts';
import type { Merge } from '../definition/provider.ts';

/** `ad_stats`, `ad_stats@2`, `ad_stats:clicks` and `ad_stats@2:clicks`. */
type FeatureRef<V extends FeatureView> = V extends unknown
  ? `${V[typeof T]['name']}${'' | `@${number}`}${'' | `:${keyof V[typeof T]['gives'] & string}`}`
  : never;

/** Body of `POST /v1/features/online` for features of these views (a union): their join keys for each entity. */
export interface OnlineFeaturesInput<V extends FeatureView> {
  readonly features: readonly FeatureRef<V>[];
  readonly entities: readonly JsonInputs<Merge<V[typeof T]['keys']>>[];
}

export interface OnlineFeaturesOutput {
  /** References, in the order of `values`. */
  readonly features: readonly string[];
  /** View versions, in the order of `rows[].views`. */
  readonly views: readonly string[];
  /** In the order of `entities`. */
  readonly rows: readonly {
    readonly values: readonly JsonValue[];
    readonly views: readonly {
      readonly status: 'PRESENT' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';
      readonly event_timestamp: string | null;
    }[];
  }[];
}
