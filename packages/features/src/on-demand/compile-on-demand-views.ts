import {
  viewRef,
  type FeatureViewManifest,
  type FieldManifest,
  type InputManifest,
  type OnDemandFeatureViewManifest,
} from '../manifest/manifest.ts';
import { declaredDefault } from '../values/declared-default.ts';
import { inDependencyOrder } from './in-dependency-order.ts';
import type {
  CompiledOnDemandView,
  ComputedInput,
  OnDemandFunction,
  OnDemandViews,
  StoredInput,
  StoredView,
} from './on-demand-views.ts';

export type OnDemandDefinition = Omit<OnDemandFeatureViewManifest, 'code_sha256'>;

export interface CompileOnDemandOptions<Definition extends OnDemandDefinition> {
  /** Readers of on-demand feature views: inputs of a model or of a training set. */
  readonly inputs: readonly InputManifest[];
  readonly manifest: {
    readonly feature_views: Readonly<Record<string, Pick<FeatureViewManifest, 'schema'>>>;
    readonly on_demand_feature_views: Readonly<Record<string, Definition>>;
  };
  readonly functionOf: (definition: Definition) => OnDemandFunction;
}

/** Compiles every on-demand feature view that the inputs need, directly or indirectly, with the places of what each reads. */
export function compileOnDemandViews<Definition extends OnDemandDefinition>(
  options: CompileOnDemandOptions<Definition>,
): OnDemandViews {
  const { inputs, manifest, functionOf } = options;
  const definitions = inDependencyOrder(manifest.on_demand_feature_views, inputs);
  const requestFields = new Map(
    definitions.flatMap(({ request }) => request).map((field) => [field.name, field]),
  );
  const requestPlaces = [...requestFields.keys()];
  const storedViews = storedViewsOf(manifest, definitions);
  const views: CompiledOnDemandView[] = [];
  for (const definition of definitions) {
    const stored: StoredInput[] = [];
    const computed: ComputedInput[] = [];
    for (const input of definition.inputs)
      if (input.version === null) computed.push(computedInput(input, views));
      else stored.push(storedInput(input, storedViews));
    views.push({
      name: definition.name,
      definition,
      compute: functionOf(definition).compute,
      request: definition.request.map(({ name }) => ({ name, place: requestPlaces.indexOf(name) })),
      stored,
      computed,
      features: definition.schema.map((field) => ({
        name: field.name,
        field,
        defaultValue: declaredDefault(field),
      })),
      requestOnly: stored.length === 0 && computed.every(({ view }) => views[view]?.requestOnly === true),
    });
  }
  return { views, requestFields: [...requestFields.values()], storedViews };
}

function storedViewsOf(
  { feature_views: views }: CompileOnDemandOptions<OnDemandDefinition>['manifest'],
  definitions: readonly OnDemandDefinition[],
): StoredView[] {
  const merged = new Map<string, { readonly name: string; readonly fields: Map<string, FieldManifest> }>();
  for (const input of definitions.flatMap(({ inputs }) => inputs)) {
    if (input.version === null) continue;
    const ref = refOf(input);
    const { fields } = merged.get(ref) ?? { fields: new Map<string, FieldManifest>() };
    for (const name of input.features) fields.set(name, fieldNamed(views[ref]?.schema ?? [], name));
    merged.set(ref, { name: input.view, fields });
  }
  return [...merged].map(([ref, { name, fields }]) => ({ ref, name, features: [...fields.values()] }));
}

function storedInput(input: InputManifest, storedViews: readonly StoredView[]): StoredInput {
  const view = storedViews.findIndex(({ ref }) => ref === refOf(input));
  const read = storedViews[view]?.features ?? [];
  return {
    name: input.view,
    view,
    features: input.features.map((name) => {
      const field = fieldNamed(read, name);
      return { name, place: read.indexOf(field), defaultValue: declaredDefault(field) };
    }),
  };
}

function computedInput(input: InputManifest, views: readonly CompiledOnDemandView[]): ComputedInput {
  const view = views.findIndex(({ name }) => name === input.view);
  const given = views[view]?.features ?? [];
  return { name: input.view, view, features: input.features.map((name) => fieldNamed(given, name)) };
}

function refOf({ view, version }: InputManifest): string {
  return viewRef({ name: view, version: version ?? 0 });
}

function fieldNamed<F extends Pick<FieldManifest, 'name'>>(fields: readonly F[], name: string): F {
  const found = fields.find((field) => field.name === name);
  if (found === undefined) throw new Error(`There is no feature ${name}.`);
  return found;
}
