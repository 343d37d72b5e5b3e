import type { TrainingSetRequestBody } from '@larder/contracts';
import { LarderError, requestInvalid } from '@larder/core';
import type { Manifest } from '@larder/features';
import type { SpineSource, SplitRequest, SplitShares } from '@larder/training';
import type { AskedTrainingSet } from './build-job.ts';

/** The body, with the spine that it names or that was uploaded. */
export interface AskedOverHttp extends Omit<TrainingSetRequestBody, 'spine'> {
  readonly spine: SpineSource;
}

/** @throws REQUEST_INVALID, MODEL_NOT_FOUND */
export function askedTrainingSet(asked: AskedOverHttp, manifest: Manifest): AskedTrainingSet {
  const { model, features } = asked;
  if ((model === undefined) === (features === undefined))
    throw requestInvalid([{ pointer: '/model', detail: 'or features: give one of them' }]);
  return {
    features: model === undefined ? { references: features ?? [] } : modelOf(model, manifest),
    spine: asked.spine,
    timeColumn: asked.time,
    cutOff: asked.as_served === true ? 'online' : 'created',
    engine: asked.engine ?? 'auto',
    split: splitOf(asked.split),
    format: asked.format ?? 'parquet',
  };
}

/** @throws OPTION_NOT_SUPPORTED for a query where they are off */
export function spineOf(spine: TrainingSetRequestBody['spine'], sqlIsOn: boolean): SpineSource {
  if ('sql' in spine) {
    if (!sqlIsOn)
      throw new LarderError(
        'OPTION_NOT_SUPPORTED',
        "Queries over HTTP are off: whoever may call this route could read everything that the connection's login can read. " +
          'LARDER_TRAINING_SETS_SQL=on turns them on; larder training-set build --sql needs no setting.',
      );
    return { kind: 'sql', ...spine.sql };
  }
  const { model, version = null, label = null, from = null, to = null } = spine.predictions;
  return { kind: 'predictions', model, version, label, from, to, labelsAsOf: null };
}

function modelOf(reference: string, { models }: Manifest): { model: string; version: string | undefined } {
  const [model = '', version] = reference.split('@');
  if (Object.hasOwn(models, model)) return { model, version };
  const known = Object.keys(models).join(', ') || 'none';
  throw new LarderError('MODEL_NOT_FOUND', `There is no model ${model}; applied are: ${known}.`);
}

/** `time:0.8,0.1,0.1` or `group:ad_id:0.8,0.2`, as the contract has checked. */
function splitOf(text: string | undefined): SplitRequest | null {
  const [, column, list] = /^(?:time|group:([^:]+)):(.+)$/.exec(text ?? '') ?? [];
  if (list === undefined) return null;
  const shares = list.split(',').map(Number) as unknown as SplitShares;
  return column === undefined ? { by: 'time', shares } : { by: 'group', column, shares };
}
