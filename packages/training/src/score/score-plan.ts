import type { DataColumn } from '@larder/archive';
import { LarderError } from '@larder/core';
import {
  compileOnDemandViews,
  compilePostProcess,
  viewRef,
  type CompiledPostProcess,
  type FieldManifest,
  declaredDefault,
  namedInputs,
  type FieldValue,
  type InputManifest,
  type ModelManifest,
  type OnDemandViews,
} from '@larder/features';
import type { NamedInput } from '@larder/model-runtime';
import type { TrainingSetDefinitions } from '../training-set/build-training-set.ts';
import { featureColumn, requestColumn, tensorColumn, type SqlOrProblem } from './feature-column.ts';

/** Where every column of a model's tensor comes from in a file, and what becomes of the file's other columns. */
export interface ScorePlan {
  /** Columns of the tensor, or of all tensors. */
  readonly width: number;
  /** Inputs of a model that takes several by name; null: it takes one float32 tensor. */
  readonly tensors: readonly NamedInput[] | null;
  /** SQL of what is read for each row. */
  readonly selected: readonly string[];
  /** Features that the file has. */
  readonly given: readonly GivenFeature[];
  /** On-demand feature views that are evaluated. */
  readonly onDemand: OnDemandViews;
  readonly evaluated: readonly EvaluatedFeature[];
  /** Places in `selected`, by the places in `onDemand`. */
  readonly requestPlaces: readonly number[];
  readonly storedPlaces: readonly (readonly number[])[];
  readonly postprocess: (CompiledPostProcess & { readonly requestPlaces: readonly number[] }) | null;
  /** Columns of the file that the output has too. */
  readonly passed: readonly string[];
  readonly outputs: readonly FieldManifest[];
}

/** The columns of a feature in its tensor. */
export interface TensorPart {
  /** Place in `tensors`; 0 of a model that takes one. */
  readonly tensor: number;
  readonly column: number;
  readonly width: number;
  /** Null: none declared. */
  readonly defaultValue: FieldValue;
}

export interface GivenFeature extends TensorPart {
  /** Place in `selected`. */
  readonly selected: number;
  readonly field: FieldManifest;
}

export interface EvaluatedFeature extends TensorPart {
  /** Place in `onDemand.views`. */
  readonly view: number;
  readonly name: string;
}

export interface ScorePlanOptions {
  readonly definitions: TrainingSetDefinitions & { readonly version: number };
  readonly model: string;
  /** As messages name the file. */
  readonly called: string;
  readonly columns: readonly DataColumn[];
}

/** @throws DATA_FILE_INVALID with every column that is missing or has a type that cannot be used */
export function planScore(options: ScorePlanOptions): ScorePlan {
  const { definitions, called, columns } = options;
  const { manifest, functionOf } = definitions;
  const model = manifest.models[options.model] as ModelManifest;
  const name = `${model.name}@${definitions.version}`;
  const file = new FileColumns(columns);
  const missingValue = model.missing === 'nan' ? Number.NaN : model.missing;

  const isEvaluated = (input: InputManifest): boolean =>
    input.version === null && input.features.some((feature) => !file.has(`${input.view}:${feature}`));
  const compile = (inputs: readonly InputManifest[]): OnDemandViews =>
    compileOnDemandViews({ inputs, manifest, functionOf });
  const onDemand = compile(model.inputs.filter(isEvaluated));

  const tensors = namedInputs(manifest, model.inputs) ?? null;
  const widths = (tensors ?? [null]).map(() => 0);
  const given: GivenFeature[] = [];
  const evaluated: EvaluatedFeature[] = [];
  for (const input of model.inputs)
    for (const feature of input.features) {
      const field = fieldOf(manifest, input, feature);
      const tensor = tensors?.findIndex((each) => each.name === input.tensor) ?? 0;
      const column = widths[tensor] as number;
      const part = { tensor, column, width: field.length ?? 1, defaultValue: declaredDefault(field) };
      widths[tensor] = column + part.width;
      if (isEvaluated(input)) {
        const view = onDemand.views.findIndex((each) => each.name === input.view);
        evaluated.push({ ...part, view, name: feature });
      } else {
        const ref = `${input.view}:${feature}`;
        const selected = file.select(ref, (read) =>
          tensors === null ? tensorColumn(field, read, missingValue) : featureColumn(field, read),
        );
        given.push({ ...part, selected, field });
        file.drop(ref);
      }
    }

  const requestPlaces = onDemand.requestFields.map((field) => file.request(field));
  const storedPlaces = onDemand.storedViews.map((view) =>
    view.features.map((field) => {
      const ref = `${view.name}:${field.name}`;
      file.drop(ref);
      return file.select(ref, (column) => featureColumn(field, column));
    }),
  );
  const post = compilePostProcess(manifest, model.postprocess, functionOf);
  const postprocess = post && { ...post, requestPlaces: post.request.map((field) => file.request(field)) };

  refuseMissing({ model, name, called, file, evaluated: model.inputs.filter(isEvaluated), compile, post });
  if (file.problems.length > 0) throw invalid(`${called}: ${file.problems.join('\n')}`);
  const outputs = post === null ? model.outputs : post.features.map(({ field }) => field);
  const passed = file.passed();
  // DuckDB and most readers of Parquet do not tell names apart by case.
  const names = new Set(outputs.map((output) => output.name.toLowerCase()));
  const taken = passed.find((column) => names.has(column.toLowerCase()));
  if (taken !== undefined)
    throw invalid(
      `${called} has a column ${taken}, which is an output of ${model.name}; rename or drop the column.`,
    );
  return {
    width: widths.reduce((sum, width) => sum + width, 0),
    tensors,
    selected: file.selected,
    given,
    onDemand,
    evaluated,
    requestPlaces,
    storedPlaces,
    postprocess,
    passed,
    outputs,
  };
}

/** The columns of the file, and what was selected from them. */
class FileColumns {
  readonly selected: string[] = [];
  readonly problems: string[] = [];
  readonly #columns: ReadonlyMap<string, DataColumn>;
  readonly #dropped = new Set<string>();

  constructor(columns: readonly DataColumn[]) {
    this.#columns = new Map(columns.map((column) => [column.name, column]));
  }

  has(name: string): boolean {
    return this.#columns.has(name);
  }

  names(): readonly string[] {
    return [...this.#columns.keys()];
  }

  /** @returns the place in `selected`; -1 without such a column */
  select(name: string, sqlOf: (column: DataColumn) => SqlOrProblem): number {
    const column = this.#columns.get(name);
    if (column === undefined) return -1;
    const made = sqlOf(column);
    if ('sql' in made) return this.selected.push(made.sql) - 1;
    this.problems.push(made.problem);
    return -1;
  }

  request(field: FieldManifest): number {
    return this.select(field.name, (column) => requestColumn(field, column));
  }

  /** A feature of the model is not part of the output. */
  drop(name: string): void {
    this.#dropped.add(name);
  }

  passed(): readonly string[] {
    return this.names().filter((name) => !this.#dropped.has(name));
  }
}

interface Missing {
  readonly model: ModelManifest;
  readonly name: string;
  readonly called: string;
  readonly file: FileColumns;
  readonly evaluated: readonly InputManifest[];
  readonly compile: (inputs: readonly InputManifest[]) => OnDemandViews;
  readonly post: CompiledPostProcess | null;
}

function refuseMissing({ model, name, called, file, evaluated, compile, post }: Missing): void {
  const absent = (names: readonly string[]): string[] => names.filter((each) => !file.has(each));
  const features = model.inputs.filter(({ version }) => version !== null).flatMap(refs);
  const lacks: string[] = absent(features).length === 0 ? [] : [absent(features).join(', ')];
  for (const input of evaluated) {
    const { requestFields, storedViews } = compile([input]);
    const read = storedViews.flatMap((view) => view.features.map((each) => `${view.name}:${each.name}`));
    const needed = absent([...requestFields.map((field) => field.name), ...read]);
    if (needed.length > 0)
      lacks.push(`for ${input.view}: ${needed.join(', ')}, or ${absent(refs(input)).join(', ')}`);
  }
  const forPost = absent((post?.request ?? []).map((field) => field.name));
  if (forPost.length > 0) lacks.push(`for ${post?.name}: ${forPost.join(', ')}`);
  if (lacks.length === 0) return;
  throw invalid(
    `${called} lacks columns that ${name} needs: ${lacks.join('; ')}. It has ${file.names().join(', ')}. larder training-set build --model ${model.name} writes such a file, with the other columns of its rows.`,
  );
}

function refs({ view, features }: InputManifest): string[] {
  return features.map((feature) => `${view}:${feature}`);
}

function fieldOf(
  { feature_views: views, on_demand_feature_views: onDemand }: TrainingSetDefinitions['manifest'],
  { view, version }: InputManifest,
  name: string,
): FieldManifest {
  const definition = version === null ? onDemand[view] : views[viewRef({ name: view, version })];
  const field = definition?.schema.find((each) => each.name === name);
  if (field === undefined) throw new Error(`The manifest has no feature ${view}:${name}.`);
  return field;
}

function invalid(message: string): LarderError {
  return new LarderError('DATA_FILE_INVALID', message);
}
