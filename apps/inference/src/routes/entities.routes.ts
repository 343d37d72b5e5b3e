import { LarderError } from '@larder/core';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { inspectEntity, type InspectDeps } from '../entities/inspect-entity.ts';

/** What the online store holds for one entity. */
export function entitiesRoutes(deps: InspectDeps): Router {
  const routes = Router();
  routes
    .route('/v1/entities/:entity/:key')
    .get(async (request, response) => {
      if (Object.keys(request.query).length > 0) throw queryRefused();
      response.json(await inspectEntity(deps, request.params.entity, request.params.key));
    })
    .all(allow('GET'));
  return routes;
}

function queryRefused(): LarderError {
  return new LarderError('REQUEST_INVALID', 'The route takes no query.', {
    errors: [{ pointer: '/query', detail: 'must be empty' }],
  });
}
