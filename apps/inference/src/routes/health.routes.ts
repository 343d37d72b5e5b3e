import { Router } from 'express';
import type { ReadyAnswer } from '@larder/contracts';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

export interface HealthDeps {
  readiness(): Promise<ReadyAnswer>;
}

/** Whether the process runs, and whether it may get traffic. */
export function healthRoutes(deps: HealthDeps): Router {
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
      const answer = await deps.readiness();
      response.status(answer.status === 'ready' ? 200 : 503).json(answer);
    })
    .all(allow('GET'));
  return routes;
}
