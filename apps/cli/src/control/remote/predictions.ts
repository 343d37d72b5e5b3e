import type { ModelInputsAnswer, PredictAnswer, PredictionsAnswer } from '@larder/contracts';
import { isLarderError, type LarderError } from '@larder/core';
import { viewRef, type FieldManifest, type Manifest } from '@larder/features';
import type { PredictionDetailJson } from '@larder/serving';
import type { PredictionAnswer } from '../../predict/prediction-answer.ts';
import { wrongUsage } from '../../verb.ts';
import type { Control, FoundPredictions, InputField, PredictionsControl } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** Predictions of the service, which logs them, and its log. */
export function remotePredictions(
  client: ServiceClient,
  { manifest }: Pick<Control, 'manifest'>,
): PredictionsControl {
  return {
    async inputs({ model, version }) {
      const { join_keys: joinKeys, request } = await client.get<ModelInputsAnswer>(
        `${modelPath(model)}/inputs`,
        { query: { version }, members: ['join_keys', 'request'] },
      );
      return { joinKeys: joinKeys.map(named), requestFields: request.map(named) };
    },
    async predict({ model, version, row, features, mode }) {
      const numbered = version !== undefined && /^\d+$/.test(version) ? Number(version) : version;
      const { body } = await client.send<PredictAnswer>('POST', `${modelPath(model)}/predict`, {
        body: { ...row, options: { version: numbered, features, mode } },
        members: ['prediction_id', 'outputs'],
      });
      return { answer: body as PredictionAnswer, fields };
    },
    async find({ minOutput, maxOutput, from, to, ...filter }, page) {
      const found = await client
        .get<PredictionsAnswer>('/v1/predictions', {
          query: {
            ...filter,
            min_output: minOutput,
            max_output: maxOutput,
            from: from?.toISOString(),
            to: to?.toISOString(),
            ...page,
          },
          members: ['predictions', 'cursor'],
        })
        .catch((error: unknown) => {
          throw isLarderError(error) && error.code === 'ENTITY_NOT_FOUND' ? unknownEntity(error) : error;
        });
      return found as unknown as FoundPredictions;
    },
    show: (id) =>
      client.get<PredictionDetailJson>(`/v1/predictions/${encodeURIComponent(id)}`, {
        members: ['prediction_id', 'views'],
      }),
  };

  /** Values are shown without their types to who may not read the definitions. */
  async function fields(): Promise<ReadonlyMap<string, FieldManifest>> {
    try {
      return fieldsOf(await manifest());
    } catch (error) {
      if (isLarderError(error)) return new Map();
      throw error;
    }
  }
}

function modelPath(model: string): string {
  return `/v1/models/${encodeURIComponent(model)}`;
}

function named(field: ModelInputsAnswer['request'][number]): InputField {
  return { name: field.name, field: field as FieldManifest };
}

function fieldsOf({ feature_views: views, on_demand_feature_views: onDemand }: Manifest) {
  return new Map<string, FieldManifest>([
    ...Object.values(views).flatMap((view) =>
      view.schema.map((field) => [`${viewRef(view)}:${field.name}`, field] as const),
    ),
    ...Object.values(onDemand).flatMap((view) =>
      view.schema.map((field) => [`${view.name}:${field.name}`, field] as const),
    ),
  ]);
}

/** As the verb says it of the definitions that it has. */
function unknownEntity({ message }: LarderError): LarderError {
  const [, names = 'none'] = /: (.*)\.$/.exec(message) ?? [];
  return wrongUsage('predictions', [{ pointer: '--entity', detail: `must be one of ${names}` }]);
}
