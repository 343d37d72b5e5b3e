import { Router } from 'express';
import type { Registry } from 'prom-client';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

/** Metrics as Prometheus text. */
export function metricsRoutes(registry: Registry): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/metrics')
    .get(noQuery, async (_request, response) => {
      response.setHeader('content-type', registry.contentType);
      response.send(await registry.metrics());
    })
    .all(allow('GET'));
  return routes;
}
