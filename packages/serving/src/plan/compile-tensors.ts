import {
  declaredDefault,
  namedInputs,
  viewRef,
  type InputManifest,
  type Manifest,
  type OnDemandViews,
} from '@larder/features';
import { compileValueReader } from '@larder/online-store';
import type { PlanTensor, PlanView, TypedColumn } from './compiled-plan.ts';

interface TensorsContext {
  readonly manifest: Manifest;
  readonly inputs: readonly InputManifest[];
  readonly views: readonly PlanView[];
  readonly viewPlaces: ReadonlyMap<string, number>;
  readonly onDemand: OnDemandViews;
}

/** The columns of each named input of a model; null: it takes one float32 tensor. */
export function compileTensors(context: TensorsContext): PlanTensor[] | null {
  const named = namedInputs(context.manifest, context.inputs);
  if (named === undefined) return null;
  return named.map((input) => {
    const columns: TypedColumn[] = [];
    let column = 0;
    for (const read of context.inputs.filter(({ tensor }) => tensor === input.name))
      for (const name of read.features) {
        const placed = placeFeature(context, read, { name, column });
        columns.push(placed);
        column += placed.width;
      }
    return { name: input.name, features: input.features, columns };
  });
}

function placeFeature(
  { views, viewPlaces, onDemand }: TensorsContext,
  read: InputManifest,
  { name, column }: { readonly name: string; readonly column: number },
): TypedColumn {
  if (read.version === null) {
    const view = onDemand.views.findIndex((each) => each.name === read.view);
    const feature = onDemand.views[view]?.features.find((each) => each.name === name);
    if (feature === undefined) throw new Error(`${read.view} has no feature ${name}.`);
    const { field, defaultValue } = feature;
    return { column, width: field.length ?? 1, defaultValue, view, reader: null, name };
  }
  const view = viewPlaces.get(viewRef({ name: read.view, version: read.version })) ?? -1;
  const { view: manifest } = views[view] as PlanView;
  const field = manifest.schema.find((each) => each.name === name);
  if (field === undefined) throw new Error(`${read.view} has no feature ${name}.`);
  const defaultValue = declaredDefault(field);
  return {
    column,
    width: field.length ?? 1,
    defaultValue,
    view,
    reader: compileValueReader(manifest, [name]),
    name,
  };
}
