import { isLarderError } from '@larder/core';
import {
  compilePostProcessAlone,
  evaluatePostProcess,
  onDemandValue,
  type FieldManifest,
  type FieldValue,
  type PostProcess,
} from '@larder/features';
import { present } from './compute-on-demand.ts';

export interface PostProcessInput {
  /** What the artifact gives, by name. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Request fields by name. */
  readonly request?: Readonly<Record<string, unknown>>;
}

/**
 * Runs post-processing for these outputs of a model as the service does: defaults replace nulls in the results.
 * @throws ON_DEMAND_FAILED, REQUEST_INVALID for an input that is missing or does not fit its field
 */
export function computePostProcess<Gives>(
  post: PostProcess<string, unknown, unknown, Gives>,
  { outputs, request = {} }: PostProcessInput,
): Gives {
  const compiled = compilePostProcessAlone(post);
  const given = (fields: readonly FieldManifest[], values: Readonly<Record<string, unknown>>, part: string) =>
    Object.fromEntries(
      fields.map((field): [string, FieldValue] => [
        field.name,
        present(`${part}:${field.name}`, field, values[field.name]),
      ]),
    );
  const result = evaluatePostProcess(compiled, {
    outputs: given(compiled.outputs, outputs, 'outputs'),
    request: given(compiled.request, request, 'request'),
  });
  if (isLarderError(result)) throw result;
  return Object.fromEntries(
    compiled.features.map((feature) => [feature.name, onDemandValue(result, feature)]),
  ) as Gives;
}
