import { brand } from './brand.ts';
import type { FeatureView } from './feature-view.ts';
import type { OnDemandFeatureView } from '../on-demand/on-demand-feature-view.ts';
import type { Provider } from './provider.ts';

/** Some features of a view, in the given order. */
export interface PickedFeatures<
  out Name extends string = string,
  out Keys = unknown,
  out Request = unknown,
  out Gives = unknown,
> extends Provider<Name, Keys, Request, Gives> {
  readonly kind: 'pick';
  readonly view: FeatureView | OnDemandFeatureView;
  readonly features: readonly string[];
}

/** A view, an on-demand view or a pick: an entry of the `features` of models and on-demand views. */
export type FeatureInput = FeatureView | OnDemandFeatureView | PickedFeatures;

export function pickFeatures(
  view: FeatureView | OnDemandFeatureView,
  features: readonly string[],
): PickedFeatures {
  return brand({ kind: 'pick', view, features }) as unknown as PickedFeatures;
}
