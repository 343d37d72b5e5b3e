import { modelInputsQuerySchema, type ModelInputsAnswer, type ModelsAnswer } from '@larder/contracts';
import { LarderError } from '@larder/core';
import type { Manifest } from '@larder/features';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';
import { modelJson } from '../manifest/model-json.ts';
import { fieldsJson } from '../manifest/view-json.ts';
import type { ModelCatalog } from '../models/model-catalog.ts';

export interface ModelsDeps {
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
  readonly catalog: Pick<ModelCatalog, 'find' | 'inService'>;
}

/** Serves applied models, read-only. POST on the predict routes is answered before Express (predict.handler.ts). */
export function modelsRoutes({ manifest, catalog }: ModelsDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/models')
    .get(noQuery, (_request, response) => {
      const applied = manifest();
      const models = Object.values(applied.models).map((model) =>
        modelJson(applied, model, catalog.inService(model.name)),
      );
      response.json({ models } satisfies ModelsAnswer);
    })
    .all(allow('GET'));
  routes
    .route('/v1/models/:model')
    .get(noQuery, (request, response) => {
      const applied = manifest();
      const { models } = applied;
      const name = request.params.model;
      const model = Object.hasOwn(models, name) ? models[name] : undefined;
      if (model === undefined) throw notFound(Object.keys(models));
      response.json(modelJson(applied, model, catalog.inService(model.name)));
    })
    .all(allow('GET'));
  routes
    .route('/v1/models/:model/inputs')
    .get((request, response) => {
      const { version } = validate(modelInputsQuerySchema, request.query);
      const { model } = request.params;
      const asked = version !== undefined && /^\d/.test(version) ? Number(version) : version;
      const { served } = catalog.find(model).route(asked);
      const { joinKeys, requestFields } = served.predictor.plan;
      response.json({
        model,
        version: served.version,
        join_keys: fieldsJson(joinKeys.map(({ field }) => field)),
        request: fieldsJson(requestFields.map(({ field }) => field)),
      } satisfies ModelInputsAnswer);
    })
    .all(allow('GET'));
  routes.route('/v1/models/:model/predict').all(allow('POST'));
  routes.route('/v1/models/:model/predict-batch').all(allow('POST'));
  return routes;
}

function notFound(names: readonly string[]): LarderError {
  return new LarderError(
    'MODEL_NOT_FOUND',
    `No model has this name; applied models: ${names.join(', ') || 'none'}.`,
  );
}
