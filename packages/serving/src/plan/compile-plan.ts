import {
  compileOnDemandViews,
  compilePostProcess,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type InputManifest,
  type Manifest,
  type OnDemandFeatureViewManifest,
  type OnDemandFunction,
  type OnDemandViews,
} from '@larder/features';
import {
  compileNullCounter,
  compileRowIfAbsent,
  compileTensorDecoder,
  compileTtlAtRead,
  compileValueReader,
  type OnlineStore,
} from '@larder/online-store';
import { compilePrecomputed } from '../precomputed/precomputed-plan.ts';
import { STATUS_NAMES } from '../readings/view-statuses.ts';
import { compileDefaulted, compileLogged } from './compile-logged.ts';
import { compileTensors } from './compile-tensors.ts';
import { compileShown } from './compile-shown.ts';
import type {
  CompiledPlan,
  InputField,
  OnDemandColumn,
  PlanView,
  ShownFeature,
  TensorView,
} from './compiled-plan.ts';

export interface PlanOptions {
  /** The applied manifest: the source of TTLs and policies. */
  readonly manifest: Manifest;
  /** Returns the function of an on-demand feature view: from `loadedFunctions`, or from a bundle by its hash. */
  readonly functionOf: (definition: OnDemandFeatureViewManifest) => OnDemandFunction;
  readonly model: string;
  readonly version: number;
  readonly onlineStore: Pick<OnlineStore, 'compileRead'>;
  /** Views of precomputed predictions of the model that are applied. @default none */
  readonly precomputed?: readonly FeatureViewManifest[];
}

/** Compiles a model; the caller has checked that the manifest and the loaded code agree on everything the model reads. */
export function compilePlan(options: PlanOptions): CompiledPlan {
  const { manifest, functionOf, onlineStore } = options;
  const model = member(manifest.models, options.model);
  const onDemand = compileOnDemandViews({ inputs: model.inputs, manifest, functionOf });
  const readers = [model, ...onDemand.views.map(({ definition }) => definition)];
  const grouped = compileGroups(manifest, readers);
  const { groups } = grouped;
  const postprocess = compilePostProcess(manifest, model.postprocess, functionOf);
  // Those of the on-demand functions come first: they have the same places there.
  const requestFields = inputFields([...onDemand.requestFields, ...(postprocess?.request ?? [])]);
  const joinKeys = inputFields(
    groups.flatMap(({ entity }) => entity.join_keys.filter(({ constant }) => constant === undefined)),
  );
  const viewPlaces = new Map(grouped.views.map((view, at) => [view.ref, at]));
  const shown = compileShown({ readers, views: grouped.views, viewPlaces, onDemand, requestFields });
  const views = grouped.views.map((view, at): PlanView =>
    Object.assign(view, { countNulls: nullsOf(view, at, shown) }),
  );
  const missing = model.missing === 'nan' ? Number.NaN : model.missing;
  const tensorViews: TensorView[] = [];
  const onDemandColumns: OnDemandColumn[] = [];
  let width = 0;
  const tensors = compileTensors({ manifest, inputs: model.inputs, viewPlaces, views, onDemand });
  for (const input of tensors === null ? model.inputs : []) {
    if (input.version === null) {
      const placed = placeOnDemand(input, onDemand, width);
      onDemandColumns.push(...placed);
      width += placed.reduce((sum, column) => sum + column.width, 0);
    } else {
      const view = place(viewPlaces, refOf(input));
      const decoder = compileTensorDecoder((views[view] as PlanView).view, input.features, missing);
      tensorViews.push({ view, decoder, column: width });
      width += decoder.width;
    }
  }
  return {
    project: manifest.project,
    model,
    version: options.version,
    width:
      tensors === null
        ? width
        : tensors.flatMap(({ columns }) => columns).reduce((sum, column) => sum + column.width, 0),
    joinKeys,
    requestFields,
    groups: groups.map((group) => ({
      ...group,
      joinKeys: group.entity.join_keys.map((key) => joinKeys.findIndex(({ name }) => name === key.name)),
    })),
    views,
    readPlan: onlineStore.compileRead(
      groups.map((group) => ({
        entity: group.entity.name,
        views: group.views.map((view) => (views[view] as PlanView).view),
      })),
    ),
    precomputed: compilePrecomputed({ options, groups, planViews: views, requestFields }),
    tensorViews,
    tensors,
    onDemand,
    storedReaders: onDemand.storedViews.map(({ ref, features }) => {
      const view = place(viewPlaces, ref);
      const reader = compileValueReader(
        (views[view] as PlanView).view,
        features.map(({ name }) => name),
      );
      return { view, reader };
    }),
    onDemandColumns,
    postprocess: postprocess && {
      ...postprocess,
      requestPlaces: postprocess.request.map((field) =>
        requestFields.findIndex(({ name }) => name === field.name),
      ),
    },
    // What goes into inputs of several types is found in history and in the results of functions.
    logged: compileLogged(manifest, tensors === null ? model.inputs : []),
    shown,
    shownOnDemand: shown.flatMap((each, at) =>
      each.kind === 'on_demand' ? [{ place: at, view: each.view, name: each.feature.name }] : [],
    ),
  };
}

function compileGroups(
  manifest: Manifest,
  readers: readonly { readonly inputs: readonly InputManifest[] }[],
) {
  const groups: { readonly entity: EntityManifest; readonly views: number[] }[] = [];
  const views: Omit<PlanView, 'countNulls'>[] = [];
  const allInputs = readers.flatMap(({ inputs }) => inputs);
  for (const input of allInputs) {
    const ref = refOf(input);
    if (input.version === null || views.some((view) => view.ref === ref)) continue;
    const view = member(manifest.feature_views, ref);
    let group = groups.findIndex(({ entity }) => entity.name === view.entity);
    if (group < 0) group = groups.push({ entity: member(manifest.entities, view.entity), views: [] }) - 1;
    const places = groups[group]?.views ?? [];
    const reasons = STATUS_NAMES.map((status) => `${ref}:${status}`);
    views.push({
      ref,
      view,
      group,
      offset: places.length,
      statusOf: compileTtlAtRead(view),
      rowIfAbsent: compileRowIfAbsent(view),
      reasons,
      defaulted: compileDefaulted({ ref, view }, allInputs),
    });
    places.push(views.length - 1);
  }
  return { groups, views };
}

function nullsOf(
  { view }: Pick<PlanView, 'view'>,
  at: number,
  shown: readonly ShownFeature[],
): PlanView['countNulls'] {
  const features = shown.flatMap((each, index) =>
    each.kind === 'view' && each.view === at ? [{ name: each.field.name, place: index }] : [],
  );
  return compileNullCounter(view, features);
}

function placeOnDemand(input: InputManifest, { views }: OnDemandViews, start: number): OnDemandColumn[] {
  const view = views.findIndex(({ name }) => name === input.view);
  let column = start;
  return input.features.map((name) => {
    const feature = views[view]?.features.find((candidate) => candidate.name === name);
    if (feature === undefined) throw new Error(`${input.view} has no feature ${name}.`);
    const width = feature.field.type === 'vector' ? (feature.field.length ?? 0) : 1;
    const placed = { view, feature, column, width };
    column += width;
    return placed;
  });
}

function inputFields(fields: readonly FieldManifest[]): InputField[] {
  const byName = new Map(fields.map((field) => [field.name, { name: field.name, field }]));
  return [...byName.values()];
}

function refOf(input: InputManifest): string {
  return viewRef({ name: input.view, version: input.version ?? 0 });
}

function place(places: ReadonlyMap<string, number>, ref: string): number {
  const found = places.get(ref);
  if (found === undefined) throw new Error(`${ref} is not in the plan.`);
  return found;
}

function member<V>(record: Readonly<Record<string, V>>, name: string): V {
  const found = Object.hasOwn(record, name) ? record[name] : undefined;
  if (found === undefined) throw new Error(`The manifest has no ${name}.`);
  return found;
}
