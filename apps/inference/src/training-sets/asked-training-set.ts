import type { TrainingSetRequestBody } from '@larder/contracts';
import { LarderError, requestInvalid } from '@larder/core';
import type { Manifest } from '@larder/features';
import {
  requestOf,
  type EngineChoice,
  type SpineSource,
  type SplitRequest,
  type SplitShares,
  type TrainingSetManifest,
} from '@larder/training';
import type { AskedTrainingSet } from './build-job.ts';

/** The body for a new set, with the spine that it names or that was uploaded. */
export interface AskedOverHttp extends Omit<TrainingSetRequestBody, 'spine' | 'again'> {
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
  if (spine === undefined) throw requestInvalid([{ pointer: '/spine', detail: 'is missing' }]);
  if ('sql' in spine) {
    if (!sqlIsOn) throw queriesAreOff();
    return { kind: 'sql', ...spine.sql };
  }
  const { model, version = null, label = null, from = null, to = null } = spine.predictions;
  return { kind: 'predictions', model, version, label, from, to, labelsAsOf: null };
}

/** What has no meaning beside `again`. */
const OF_A_NEW_SET = ['model', 'features', 'spine', 'time', 'as_served', 'split', 'format'] as const;

export interface AgainOverHttp {
  readonly manifest: TrainingSetManifest;
  /** The rows that were sent; null: none. */
  readonly upload: SpineSource | null;
  readonly sqlIsOn: boolean;
}

/**
 * The request that a set on record was the answer to. A file of this host is never read: its rows have to be sent.
 * @throws REQUEST_INVALID, OPTION_NOT_SUPPORTED for a query where they are off
 */
export function askedAgain(
  asked: Readonly<Partial<Record<(typeof OF_A_NEW_SET)[number], unknown>>> & {
    readonly engine?: EngineChoice | undefined;
  },
  { manifest, upload, sqlIsOn }: AgainOverHttp,
): AskedTrainingSet {
  const others = OF_A_NEW_SET.filter((name) => asked[name] !== undefined);
  if (others.length > 0)
    throw requestInvalid(
      others.map((name) => ({ pointer: `/${name}`, detail: 'has no meaning with again' })),
    );
  const { kind } = manifest.spine.source;
  if (kind === 'file' && upload === null)
    throw requestInvalid([
      { pointer: '/again', detail: 'was built from a file: send its rows as the body, again in the query' },
    ]);
  if (kind === 'sql' && upload === null && !sqlIsOn) throw queriesAreOff();
  const { features, spine, timeColumn, cutOff, engine, split, format } = requestOf({
    manifest,
    folder: '',
    ...(upload !== null && { spine: upload }),
    engine: asked.engine,
  });
  return {
    features:
      features.kind === 'model'
        ? { model: features.model, version: String(features.version) }
        : { references: features.references },
    spine,
    timeColumn,
    cutOff: cutOff ?? 'created',
    engine: engine ?? 'auto',
    split: split ?? null,
    format: format ?? 'parquet',
  };
}

function queriesAreOff(): LarderError {
  return new LarderError(
    'OPTION_NOT_SUPPORTED',
    "Queries over HTTP are off: whoever may call this route could read everything that the connection's login can read. " +
      'LARDER_TRAINING_SETS_SQL=on turns them on; larder training-set build --sql needs no setting.',
  );
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
