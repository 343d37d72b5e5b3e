import type { FeatureView } from '../definition/feature-view.ts';
import type { Field } from '../definition/field.ts';
import { fieldManifest } from '../manifest/field-manifest.ts';
import type { Report } from '../validate/report.ts';
import { valueProblem } from '../values/value-problem.ts';
import { modelNeeds } from './model-needs.ts';
import { outputsOf, type Predicting } from './precomputed-predictions.ts';
import { isRunTime } from './run-time.ts';

/** @returns false when nothing else of the view can be checked */
export function validatePredicting(predicting: Predicting, report: Report): boolean {
  const { model, request } = predicting;
  if (model?.kind !== 'model') {
    report(['model'], "must be a model made by model('ad_ctr', …).");
    return false;
  }
  const { entities, request: fields } = modelNeeds(model);
  if (entities.length !== 1)
    report(
      ['model'],
      entities.length === 0
        ? `'${model.name}' reads no stored feature, so there are no entities to compute it for.`
        : `'${model.name}' reads features of ${entities.map(({ name }) => name).join(' and ')}; predictions are computed ahead for the keys of one entity.`,
    );
  if (Object.hasOwn(outputsOf(model), 'model_version'))
    report(
      ['model'],
      `'${model.name}' has an output model_version, which the view needs for its own; rename it.`,
    );
  if (typeof request !== 'object' || request === null)
    report(['request'], 'must be an object with a value for each request field of the model.');
  else validateRequest(request, fields, { model: model.name, report });
  return entities.length > 0;
}

function validateRequest(
  request: Predicting['request'],
  fields: FeatureView['schema'],
  { model, report }: { readonly model: string; readonly report: Report },
): void {
  for (const name of Object.keys(request))
    if (!Object.hasOwn(fields, name))
      report(
        ['request', name],
        `is not a request field of '${model}'; it has ${Object.keys(fields).join(', ') || 'none'}.`,
      );
  for (const [name, field] of Object.entries(fields)) {
    const detail = problemOf(field, request[name], Object.hasOwn(request, name));
    if (detail !== null) report(['request', name], detail);
  }
}

function problemOf(field: Field, value: unknown, given: boolean): string | null {
  const otherwise = field.type === 'timestamp' ? 'a constant Date or runTime()' : 'a constant';
  if (!given)
    return `is missing: nobody sends a request when predictions are computed ahead; declare ${otherwise}.`;
  if (isRunTime(value))
    return field.type === 'timestamp'
      ? null
      : `cannot be runTime(): the field is ${field.type}, not a timestamp.`;
  if (typeof value === 'function')
    return `cannot be a function; declare ${otherwise}, which is the same for all entities.`;
  const detail = valueProblem(fieldManifest('value', field), value);
  if (detail !== null) return `${detail}.`;
  // JSON, in which the manifest is, cannot express NaN and infinities.
  if (typeof value === 'number' && !Number.isFinite(value)) return 'must be finite.';
  return null;
}
