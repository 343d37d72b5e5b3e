import {
  viewRef,
  type EntityManifest,
  type InputManifest,
  type LoadedProject,
  type Manifest,
  type ModelManifest,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import { compileTensorDecoder, compileTtlAtRead, type OnlineStore } from '@larder/online-store';
import { compileStep, inputFields } from './compile-on-demand.ts';
import { compileShown } from './compile-shown.ts';
import type { OnDemandStep, Plan, PlanView, TensorStep, TensorView } from './compiled-plan.ts';
import { STATUS_NAMES } from '../readings/read-views.ts';

export interface PlanOptions {
  /** The applied manifest: TTLs and policies are taken from here. */
  readonly manifest: Manifest;
  /** On-demand functions are taken from here. */
  readonly project: LoadedProject;
  readonly model: string;
  readonly version: number;
  readonly onlineStore: Pick<OnlineStore, 'compileRead'>;
}

/** Compiles a model; the manifest and the loaded code must already be known to agree on everything the model reads. */
export function compilePlan(options: PlanOptions): Plan {
  const { manifest, project, onlineStore } = options;
  const model = member(manifest.models, options.model);
  const onDemand = inDependencyOrder(manifest, model);
  const { groups, views } = compileGroups(manifest, [model, ...onDemand]);
  const joinKeys = inputFields(groups.flatMap(({ entity }) => entity.join_keys));
  const requestFields = inputFields(onDemand.flatMap(({ request }) => request));
  const viewPlaces = new Map(views.map((view, at) => [view.ref, at]));
  const steps: OnDemandStep[] = [];
  for (const definition of onDemand)
    steps.push(compileStep({ definition, project, requestFields, views, viewPlaces, steps }));

  const missing = model.missing === 'nan' ? Number.NaN : model.missing;
  const tensorViews: TensorView[] = [];
  const tensorSteps: TensorStep[] = [];
  let width = 0;
  for (const input of model.inputs) {
    if (input.version === null) {
      const placed = placeStep(input, steps, width);
      tensorSteps.push(placed.step);
      width = placed.end;
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
    width,
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
    tensorViews,
    steps,
    tensorSteps,
    shown: compileShown({ model, onDemand, views, viewPlaces, steps, requestFields }),
  };
}

/** Every on-demand view that the model needs, also through others, each after those it reads. */
function inDependencyOrder(manifest: Manifest, model: ModelManifest): OnDemandFeatureViewManifest[] {
  const ordered = new Map<string, OnDemandFeatureViewManifest>();
  const visit = (inputs: readonly InputManifest[]) => {
    for (const { view, version } of inputs) {
      if (version !== null || ordered.has(view)) continue;
      const definition = member(manifest.on_demand_feature_views, view);
      visit(definition.inputs);
      ordered.set(view, definition);
    }
  };
  visit(model.inputs);
  return [...ordered.values()];
}

function compileGroups(
  manifest: Manifest,
  readers: readonly { readonly inputs: readonly InputManifest[] }[],
) {
  const groups: { readonly entity: EntityManifest; readonly views: number[] }[] = [];
  const views: PlanView[] = [];
  for (const input of readers.flatMap(({ inputs }) => inputs)) {
    const ref = refOf(input);
    if (input.version === null || views.some((view) => view.ref === ref)) continue;
    const view = member(manifest.feature_views, ref);
    let group = groups.findIndex(({ entity }) => entity.name === view.entity);
    if (group < 0) group = groups.push({ entity: member(manifest.entities, view.entity), views: [] }) - 1;
    const places = groups[group]?.views ?? [];
    const reasons = STATUS_NAMES.map((status) => `${ref}:${status}`);
    views.push({ ref, view, group, offset: places.length, statusOf: compileTtlAtRead(view), reasons });
    places.push(views.length - 1);
  }
  return { groups, views };
}

function placeStep(input: InputManifest, steps: readonly OnDemandStep[], column: number) {
  const step = steps.findIndex(({ name }) => name === input.view);
  let end = column;
  const features = input.features.map((name) => {
    const output = steps[step]?.outputs.find((candidate) => candidate.name === name);
    if (output === undefined) throw new Error(`${input.view} has no feature ${name}.`);
    const width = output.field.type === 'vector' ? (output.field.length ?? 0) : 1;
    const placed = { output, column: end, width };
    end += width;
    return placed;
  });
  return { step: { step, features }, end };
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
