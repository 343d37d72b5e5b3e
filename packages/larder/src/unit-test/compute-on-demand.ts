import type { OnDemandFeatureView } from '@larder/features';
import { served } from './served.ts';

export interface OnDemandInput {
  /** Request fields by name. */
  readonly request?: Readonly<Record<string, unknown>>;
  /** By view name, then feature name; null where a feature is missing. */
  readonly features?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What an on-demand view makes of these inputs, with defaults where it gives null. @throws FEATURE_VALUE_INVALID */
export function computeOnDemand<Gives>(
  view: OnDemandFeatureView<string, unknown, unknown, Gives>,
  { request = {}, features = {} }: OnDemandInput,
): Gives {
  const compute = view.compute as (input: Required<OnDemandInput>) => Readonly<Record<string, unknown>>;
  return served(view.name, view.schema, compute({ request, features })) as Gives;
}
