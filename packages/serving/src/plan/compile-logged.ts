import {
  declaredDefault,
  viewRef,
  type FieldManifest,
  type InputManifest,
  type Manifest,
} from '@larder/features';
import type { SensitiveFields, Sensitivity } from '@larder/offline-store';
import { compileNullReader } from '@larder/online-store';
import type { DefaultedFeatures, LoggedColumns, PlanView } from './compiled-plan.ts';

/** The scalars of the tensor by place; a pointer into history stands for vectors. */
export function compileLogged(manifest: Manifest, inputs: readonly InputManifest[]): LoggedColumns {
  const runs: { start: number; end: number }[] = [];
  const hidden: number[] = [];
  let column = 0;
  let scalars = 0;
  for (const input of inputs)
    for (const name of input.features) {
      const field = fieldOf(manifest, input, name);
      if (field.type === 'vector') column += field.length ?? 0;
      else {
        const last = runs.at(-1);
        if (last?.end === column) last.end += 1;
        else runs.push({ start: column, end: column + 1 });
        if (field.sensitive !== undefined) hidden.push(scalars);
        column += 1;
        scalars += 1;
      }
    }
  return { runs, scalars, sensitive: sensitiveFields(manifest, hidden) };
}

/** `manifest`: only what the model reads, or more. */
function sensitiveFields(manifest: Manifest, scalars: readonly number[]): SensitiveFields | null {
  const entities = Object.values(manifest.entities);
  const views = Object.values(manifest.on_demand_feature_views);
  const onDemand = views.map((view) => [view.name, sensitiveOf(view.schema)] as const);
  const found: SensitiveFields = {
    entities: new Set(
      entities.flatMap(({ name, join_keys }) => (sensitiveOf(join_keys).size > 0 ? [name] : [])),
    ),
    joinKeys: sensitiveOf(entities.flatMap(({ join_keys }) => join_keys)),
    request: sensitiveOf(views.flatMap(({ request }) => request)),
    onDemand: new Map(onDemand.filter(([, fields]) => fields.size > 0)),
    scalars,
  };
  const { joinKeys, request } = found;
  return joinKeys.size + request.size + found.onDemand.size + scalars.length === 0 ? null : found;
}

/** Two definitions may declare one name: the stricter applies. */
function sensitiveOf(fields: readonly FieldManifest[]): ReadonlyMap<string, Sensitivity> {
  const found = new Map<string, Sensitivity>();
  for (const { name, sensitive } of fields)
    if (sensitive !== undefined && found.get(name) !== 'omitted') found.set(name, sensitive);
  return found;
}

/** The features of a view that some reader reads and that have a default. */
export function compileDefaulted(
  { ref, view }: Pick<PlanView, 'ref' | 'view'>,
  inputs: readonly InputManifest[],
): DefaultedFeatures {
  const read = new Set(
    inputs
      .filter((input) => input.version === view.version && input.view === view.name)
      .flatMap(({ features }) => features),
  );
  const names = view.schema
    .filter((field) => read.has(field.name) && declaredDefault(field) !== null)
    .map(({ name }) => name);
  return { all: names.map((name) => `${ref}:${name}`), nullsOf: compileNullReader(view, names) };
}

function fieldOf(manifest: Manifest, input: InputManifest, name: string): FieldManifest {
  const schema =
    input.version === null
      ? manifest.on_demand_feature_views[input.view]?.schema
      : manifest.feature_views[viewRef({ name: input.view, version: input.version })]?.schema;
  const field = schema?.find((candidate) => candidate.name === name);
  if (field === undefined) throw new Error(`${input.view} has no feature ${name}.`);
  return field;
}
