import {
  decodeJsonValue,
  viewRef,
  type FieldManifest,
  type FieldValue,
  type LoadedProject,
  type OnDemandFeatureViewManifest,
} from '@larder/features';
import { compileValueReader } from '@larder/online-store';
import type {
  InputField,
  OnDemandInput,
  OnDemandStep,
  PlanView,
  StepStepInput,
  StepViewInput,
} from './compiled-plan.ts';

interface StepContext {
  readonly definition: OnDemandFeatureViewManifest;
  readonly project: LoadedProject;
  readonly requestFields: readonly InputField[];
  readonly views: readonly PlanView[];
  readonly viewPlaces: ReadonlyMap<string, number>;
  /** Those compiled before. */
  readonly steps: readonly OnDemandStep[];
}

/** One on-demand function with readers for exactly its inputs. */
export function compileStep(context: StepContext): OnDemandStep {
  const { definition, project, requestFields, views, viewPlaces, steps } = context;
  const loaded = project.onDemandFeatureViews.get(definition.name);
  if (loaded === undefined) throw new Error(`The on-demand feature view ${definition.name} is not loaded.`);
  const viewInputs: StepViewInput[] = [];
  const stepInputs: StepStepInput[] = [];
  for (const input of definition.inputs) {
    if (input.version === null) {
      const step = steps.findIndex(({ name }) => name === input.view);
      const outputs = steps[step]?.outputs ?? [];
      stepInputs.push({
        name: input.view,
        step,
        features: input.features.map((name) => fieldNamed(outputs, name)),
      });
    } else {
      const view = viewPlaces.get(viewRef({ name: input.view, version: input.version })) ?? -1;
      const { view: manifest } = views[view] as PlanView;
      const defaults = input.features.map((name) => defaultOf(fieldNamed(manifest.schema, name)) ?? null);
      viewInputs.push({
        name: input.view,
        view,
        reader: compileValueReader(manifest, input.features),
        defaults,
      });
    }
  }
  return {
    name: definition.name,
    compute: loaded.compute as unknown as (input: OnDemandInput) => unknown,
    request: definition.request.map(({ name }) => ({
      name,
      field: requestFields.findIndex((candidate) => candidate.name === name),
    })),
    views: viewInputs,
    steps: stepInputs,
    outputs: definition.schema.map((field) => ({
      name: field.name,
      field,
      defaultValue: defaultOf(field) ?? null,
    })),
    requestOnly: viewInputs.length === 0 && stepInputs.every(({ step }) => steps[step]?.requestOnly === true),
  };
}

/** Fields that several definitions ask for, each once. */
export function inputFields(fields: readonly FieldManifest[]): InputField[] {
  const byName = new Map(fields.map((field) => [field.name, { name: field.name, field }]));
  return [...byName.values()];
}

/** A field's declared default as a value; undefined when none is declared. */
export function defaultOf(field: FieldManifest): FieldValue | undefined {
  if (field.default === undefined) return undefined;
  const decoded = decodeJsonValue(field, field.default);
  if (!decoded.ok) throw new Error(`The default of ${field.name} ${decoded.detail}.`);
  return decoded.value;
}

function fieldNamed<F extends { readonly name: string }>(fields: readonly F[], name: string): F {
  const found = fields.find((field) => field.name === name);
  if (found === undefined) throw new Error(`There is no feature ${name}.`);
  return found;
}
