import type { Fields } from '../definition/field.ts';
import type { Model } from '../definition/model.ts';
import { fieldManifests } from '../manifest/field-manifest.ts';
import type { PostProcess } from '../post-process/post-process.ts';
import { below, type Report } from './report.ts';
import { validateFields } from './validate-fields.ts';
import { validateName } from './validate-names.ts';

export function validatePostProcess(post: PostProcess, report: Report): void {
  validateName(post.name, report);
  validateFields(
    post.outputs,
    { noDefault: 'a model always returns its outputs.', notSensitive: 'the log exists for the outputs.' },
    below(report, 'outputs'),
  );
  validateFields(
    post.request,
    { mayBeEmpty: true, noDefault: 'a request field is always given.' },
    below(report, 'request'),
  );
  validateFields(post.schema, { notSensitive: 'the log exists for the outputs.' }, below(report, 'schema'));
  if (typeof post.compute !== 'function') report(['compute'], 'must be a function of { outputs, request }.');
}

/** The model must have every output that its post-processing reads. */
export function validatePostProcessOf({ postprocess, output }: Model, report: Report): void {
  if (postprocess === null) return;
  if (postprocess?.kind !== 'post_process')
    return report([], "must be a post-processing made by postProcess('ad_decision', …).");
  const has = textOf(output);
  const reads = textOf(postprocess.outputs);
  if (reads.some((field) => !has.includes(field)))
    report([], `'${postprocess.name}' reads ${reads.join(', ')}; the model's output is ${has.join(', ')}.`);
}

/** `ctr float32` for each field. */
function textOf(fields: Fields): string[] {
  return fieldManifests(fields ?? {}).map(({ name, type }) => `${name} ${type}`);
}
