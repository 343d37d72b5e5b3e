import type { Field, FieldType } from '../definition/field.ts';
import type { Model, ModelBudget } from '../definition/model.ts';
import { validateLabels, validateWholeMs } from './validate-options.ts';
import { below, type Report } from './report.ts';
import type { ProjectPlace } from './project-place.ts';
import { validateFields } from './validate-fields.ts';
import { validateArtifact } from './validate-artifact.ts';
import { validateInputs, validateNoRepeats, validateOneVersion } from './validate-inputs.ts';
import { validateLabel } from './validate-label.ts';
import { MAX_TENSOR_NAME } from '../manifest/named-inputs.ts';
import { validateName } from './validate-names.ts';
import { validatePostProcessOf } from './validate-post-process.ts';

/** What to do instead with a feature that cannot become float32 columns as it is. */
const NO_TENSOR: Partial<Record<FieldType, string>> = {
  int64: 'use f.float32() or f.float64(), or return Number(value) from an on-demand feature view',
  string: 'encode it in an on-demand feature view, for instance one f.bool() per category',
  timestamp: 'return hours, weekdays or an age as f.float32() from an on-demand feature view',
  json: 'return the numbers in it as separate fields from an on-demand feature view',
};

/** What an input of an artifact may be besides numbers; its file decides. */
const OWN_TENSOR: ReadonlySet<FieldType> = new Set(['int64', 'string']);

/** False: the inputs cannot be checked further. */
function validateTensorNames(tensors: Readonly<Record<string, unknown>>, report: Report): boolean {
  const wrong = Object.entries(tensors).filter(([, inputs]) => !Array.isArray(inputs) || inputs.length === 0);
  for (const [name] of wrong)
    report([name], 'must be a list of feature views, on-demand feature views and picks, at least one.');
  for (const name of Object.keys(tensors))
    if (name === '' || name.length > MAX_TENSOR_NAME)
      report([name], `must be the name of an input of the artifact, at most ${MAX_TENSOR_NAME} characters.`);
  return wrong.length === 0;
}

export function validateModel(model: Model, place: ProjectPlace, report: Report): void {
  validateName(model.name, report);
  const reportFeatures = below(report, model.tensors === null ? 'features' : 'inputs');
  if (model.tensors !== null && !validateTensorNames(model.tensors, reportFeatures)) return;
  const features = validateInputs(model.inputs, reportFeatures);
  if (Array.isArray(model.inputs) && model.inputs.length === 0)
    reportFeatures([], 'must have at least one feature.');
  validateNoRepeats(features, reportFeatures);
  validateOneVersion(features, reportFeatures);
  for (const { index, view, name } of features) {
    const { type } = view.schema[name] as Field;
    const instead = model.tensors !== null && OWN_TENSOR.has(type) ? undefined : NO_TENSOR[type];
    if (instead !== undefined)
      reportFeatures([index], `'${view.name}:${name}' is ${type} and cannot go into a tensor: ${instead}.`);
  }

  validateFields(
    model.output,
    {
      types: {
        allowed: ['float32', 'float64', 'vector'],
        otherwise: 'a model returns f.float32(), f.float64() or f.vector(n).',
      },
      noDefault: 'a model always returns its outputs.',
      notSensitive: 'the log exists for the outputs.',
    },
    below(report, 'output'),
  );
  validatePostProcessOf(model, below(report, 'postprocess'));
  if (model.artifact?.from !== undefined)
    report(['artifact'], "must be a folder of the project: artifact('models/…').");
  else validateArtifact(model.artifact, place, below(report, 'artifact'));
  if (model.missing !== 'nan' && !Number.isFinite(model.missing))
    report(['missing'], "must be 'nan' or a finite number.");
  if (model.whenStoreUnavailable !== 'defaults' && model.whenStoreUnavailable !== 'fail') {
    report(['whenStoreUnavailable'], "must be 'defaults' or 'fail'.");
  }
  validateWholeMs(model.deadline, model.deadlineMs, 'a duration', below(report, 'deadline'));
  validateBudget(model.budget, below(report, 'budget'));
  const { coverage } = model;
  if (coverage !== null && !(typeof coverage === 'number' && coverage >= 0 && coverage <= 1))
    report(['coverage'], 'must be a share from 0 to 1, such as 0.95.');
  validateLabel(model.label, model.inputs, below(report, 'label'));
  validateLabels(model, report);
}

/** The options as written: a misspelled limit must not pass as no limit. */
const LIMITS: readonly string[] = ['maxLatencyMs', 'maxMemoryMb'] satisfies (keyof ModelBudget)[];

function validateBudget(budget: ModelBudget | null, report: Report): void {
  if (budget === null) return;
  if (typeof budget !== 'object') return report([], 'must be like { maxLatencyMs: 5, maxMemoryMb: 200 }.');
  for (const [name, value] of Object.entries(budget)) {
    if (!LIMITS.includes(name)) report([name], `is not a limit; the limits are ${LIMITS.join(' and ')}.`);
    else if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0)
      report([name], 'must be a positive number.');
  }
}
