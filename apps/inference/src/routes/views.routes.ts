import type { ViewsAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import { entitiesJson, viewJson, viewsJson } from '../manifest/view-json.ts';

export interface ViewsDeps {
  /** What is applied. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

/** Applied views and entities, to read. */
export function viewsRoutes({ manifest }: ViewsDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/views')
    .get(noQuery, (_request, response) => {
      response.json({ views: viewsJson(manifest()) } satisfies ViewsAnswer);
    })
    .all(allow('GET'));
  routes
    .route('/v1/views/:view')
    .get(noQuery, (request, response) => {
      response.json(viewJson(manifest(), request.params.view));
    })
    .all(allow('GET'));
  routes
    .route('/v1/entities')
    .get(noQuery, (_request, response) => {
      response.json(entitiesJson(manifest()));
    })
    .all(allow('GET'));
  return routes;
}
