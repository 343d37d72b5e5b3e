import { createOpenApiDocument, type ModelDescription } from '@larder/contracts';
import { Router } from 'express';
import swaggerUi from 'swagger-ui-express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import { pageHeaders } from '../http/security-headers.ts';

export interface DocsDeps {
  /** The models in service. */
  models(): readonly ModelDescription[];
}

/** Serves the OpenAPI document and a page to read and try it; everything comes from this process. */
export function docsRoutes(deps: DocsDeps): Router {
  const routes = Router({ caseSensitive: true });
  let known: readonly ModelDescription[] | undefined;
  let document: object = {};
  routes
    .route('/openapi.json')
    .get(noQuery, (_request, response) => {
      const models = deps.models();
      if (models !== known) document = createOpenApiDocument({ models });
      known = models;
      response.json(document);
    })
    .all(allow('GET'));
  routes.use('/docs', pageHeaders, swaggerUi.serve);
  routes
    .route('/docs')
    .get(
      noQuery,
      swaggerUi.setup(undefined, {
        swaggerUrl: '/openapi.json',
        customSiteTitle: 'Larder',
        // Without this the page calls a validator on the internet.
        swaggerOptions: { validatorUrl: null },
      }),
    )
    .all(allow('GET'));
  return routes;
}
