import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import type { Readiness } from '../health/readiness.ts';

/** Reports whether the process is alive, and whether it is ready for traffic. */
export function healthRoutes(readiness: Readiness): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/health/live')
    .get(noQuery, (_request, response) => {
      response.json({ status: 'live' });
    })
    .all(allow('GET'));
  routes
    .route('/health/ready')
    .get(noQuery, async (_request, response) => {
      const answer = await readiness.check();
      response.status(answer.status === 'ready' ? 200 : 503).json(answer);
    })
    .all(allow('GET'));
  return routes;
}
