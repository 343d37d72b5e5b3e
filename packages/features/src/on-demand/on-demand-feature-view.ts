import { brand } from '../definition/brand.ts';
import type { Computed, Fields, Given, Served } from '../definition/field.ts';
import { pickFeatures, type FeatureInput, type PickedFeatures } from '../definition/pick.ts';
import type { Agreeing, GivesOf, KeysOf, Provider, RequestOf } from '../definition/provider.ts';

/** A pure function of request fields and other features; the same in the service, the worker and training sets. */
export interface OnDemandFeatureView<
  out Name extends string = string,
  out Keys = unknown,
  out Request = unknown,
  out Gives = unknown,
> extends Provider<Name, Keys, Request, Gives> {
  readonly kind: 'on_demand_feature_view';
  readonly name: Name;
  readonly request: Fields;
  readonly inputs: readonly FeatureInput[];
  readonly schema: Fields;
  /** `features` by view name, then feature name; a missing feature without a default is null. */
  readonly compute: (input: {
    readonly request: never;
    readonly features: never;
  }) => Readonly<Record<string, unknown>>;
  /** Only these features, in this order. */
  pick<const F extends keyof Gives & string>(
    ...features: readonly [F, ...F[]]
  ): PickedFeatures<Name, Keys, Request, Pick<Gives, F>>;
}

export interface OnDemandFeatureViewOptions<
  R extends Fields,
  P extends readonly Provider[],
  S extends Fields,
> {
  /** Fields that the caller sends with the request. */
  readonly request?: R;
  /** Views, on-demand views and picks whose values `compute` gets; each view once. */
  readonly features?: Agreeing<P>;
  readonly schema: S;
  /** Pure and fast: it runs while the request waits. It returns null for no value; a default then replaces it. */
  readonly compute: (input: { readonly request: Given<R>; readonly features: GivesOf<P> }) => Computed<S>;
}

/** Defines an on-demand feature view. `loadProject` reports its problems, together with all others. */
export function onDemandFeatureView<
  const N extends string,
  S extends Fields,
  R extends Fields = never,
  const P extends readonly Provider[] = readonly [],
>(
  name: N,
  options: OnDemandFeatureViewOptions<R, P, S>,
): OnDemandFeatureView<N, KeysOf<P>, RequestOf<P> | Given<R>, Served<S>> {
  const view = {
    kind: 'on_demand_feature_view' as const,
    name,
    request: options.request ?? {},
    inputs: (options.features ?? []) as unknown as readonly FeatureInput[],
    schema: options.schema,
    compute: options.compute,
  };
  Object.defineProperty(view, 'pick', {
    value: (...features: string[]) => pickFeatures(view as unknown as OnDemandFeatureView, features),
  });
  return brand(view) as unknown as OnDemandFeatureView<N, KeysOf<P>, RequestOf<P> | Given<R>, Served<S>>;
}
