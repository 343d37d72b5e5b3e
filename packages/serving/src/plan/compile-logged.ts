import {
  declaredDefault,
  viewRef,
  type FieldManifest,
  type InputManifest,
  type Manifest,
} from '@larder/features';
import { compileNullReader } from '@larder/online-store';
import type { DefaultedFeatures, LoggedColumns, PlanView } from './compiled-plan.ts';

/** The scalars of the tensor by place; a pointer into history stands for vectors. */
export function compileLogged(manifest: Manifest, inputs: readonly InputManifest[]): LoggedColumns {
  const runs: { start: number; end: number }[] = [];
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
        column += 1;
        scalars += 1;
      }
    }
  return { runs, scalars };
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
