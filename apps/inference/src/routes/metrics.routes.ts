import type { Meters } from '@larder/core/metrics';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

/** Metrics as Prometheus text. */
export function metricsRoutes(metrics: Pick<Meters<'inference'>, 'render' | 'contentType'>): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/metrics')
    .get(noQuery, async (_request, response) => {
      response.setHeader('content-type', metrics.contentType);
      response.send(await metrics.render());
    })
    .all(allow('GET'));
  return routes;
}
