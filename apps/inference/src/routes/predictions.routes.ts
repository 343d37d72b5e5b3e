import {
  predictionParamsSchema,
  predictionsQuerySchema,
  type PredictionDetail,
  type PredictionsAnswer,
} from '@larder/contracts';
import { LarderError, isLarderError, requestInvalid } from '@larder/core';
import { entityKey, parseEntityKey, type Manifest } from '@larder/features';
import {
  findPrediction,
  findPredictions,
  loggedKeys,
  outputHistogram,
  type OfflineStore,
  type PredictionFilter,
} from '@larder/offline-store';
import { versionManifest } from '@larder/registry';
import { predictionJson, showPrediction } from '@larder/serving';
import { Router, type RequestHandler } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';

export interface PredictionsDeps {
  /** Its own few connections and a short timeout: no query of the log may keep anything else from PostgreSQL. */
  readonly logReader: OfflineStore;
  readonly project: string;
  /** The applied manifest, if there is one. */
  applied(): Manifest | null;
}

const DEFAULT_LIMIT = 50;

/** The prediction log: a page of it, and one prediction with everything that its model read. */
export function predictionsRoutes(deps: PredictionsDeps): Router {
  const { logReader, project, applied } = deps;
  const routes = Router({ caseSensitive: true });

  routes
    .route('/v1/predictions')
    .get(
      inTime(async (request, response) => {
        const {
          histogram,
          cursor,
          limit = DEFAULT_LIMIT,
          ...query
        } = validate(predictionsQuerySchema, request.query);
        const filter: PredictionFilter = {
          project,
          model: query.model,
          version: query.version,
          alias: query.alias,
          entityKeys: await entityKeysOf(deps, query),
          degraded: query.degraded === undefined ? undefined : query.degraded === 'true',
          minOutput: query.min_output,
          maxOutput: query.max_output,
          from: query.from === undefined ? undefined : new Date(query.from),
          to: query.to === undefined ? undefined : new Date(query.to),
        };
        const page = await findPredictions(logReader, filter, { cursor, limit });
        const counted = histogram === undefined ? null : await outputHistogram(logReader, filter, histogram);
        response.json({
          predictions: page.predictions.map(predictionJson),
          cursor: page.cursor,
          ...(counted !== null && {
            histogram: { ...counted, edges: [...counted.edges], counts: [...counted.counts] },
          }),
        } satisfies PredictionsAnswer);
      }),
    )
    .all(allow('GET'));

  routes
    .route('/v1/predictions/:prediction_id')
    .get(
      noQuery,
      inTime(async (request, response) => {
        const { prediction_id: predictionId } = validate(predictionParamsSchema, request.params);
        const logged = await findPrediction(logReader, { project, predictionId });
        if (logged === null)
          throw new LarderError(
            'PREDICTION_NOT_FOUND',
            `The log has no prediction ${predictionId}. Entries are written within a second of the answer, and dropped with their month.`,
          );
        const { model, version } = logged;
        const now = applied();
        const manifest = await versionManifest(logReader, { project, model, version }, now);
        response.json(
          (await showPrediction(logReader, logged, { manifest, applied: now })) satisfies PredictionDetail,
        );
      }),
    )
    .all(allow('GET'));
  return routes;
}

async function entityKeysOf(
  { logReader, project, applied }: PredictionsDeps,
  { entity: name, key }: { readonly entity?: string | undefined; readonly key?: string | undefined },
): Promise<string[] | undefined> {
  if (name === undefined && key === undefined) return undefined;
  if (name === undefined || key === undefined)
    throw requestInvalid([
      { pointer: name === undefined ? '/entity' : '/key', detail: 'is missing: entity and key go together' },
    ]);
  const entities = applied()?.entities ?? {};
  const entity = Object.hasOwn(entities, name) ? entities[name] : undefined;
  if (entity === undefined)
    throw new LarderError(
      'ENTITY_NOT_FOUND',
      `No entity has this name; defined entities: ${Object.keys(entities).join(', ') || 'none'}.`,
    );
  const canonical = entityKey(entity, parseEntityKey(entity, key));
  return loggedKeys(logReader, project, { entity: name, key: canonical });
}

const QUERY_CANCELED = '57014';

/** Says of a query that was cancelled what to do about it, instead of that PostgreSQL does not answer. */
function inTime<Params>(handler: RequestHandler<Params>): RequestHandler<Params> {
  return async (request, response, next) => {
    try {
      await handler(request, response, next);
    } catch (error) {
      const cause = isLarderError(error)
        ? (error.cause as { readonly code?: unknown } | undefined)
        : undefined;
      if (cause?.code !== QUERY_CANCELED) throw error;
      throw new LarderError(
        'QUERY_TOO_SLOW',
        'The query was cancelled: it would read too many predictions. Narrow it with from and to, entity and key, or model.',
        { cause: error },
      );
    }
  };
}
