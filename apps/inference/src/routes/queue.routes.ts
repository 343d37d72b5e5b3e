import type { PressureAnswer } from '@larder/contracts';
import { pressureJson, type Pressure } from '@larder/materialization/pressure';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

/** How much work waits for workers: the number that an autoscaler follows. */
export function queueRoutes(pressure: () => Promise<Pressure>): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/queue/pressure')
    .get(noQuery, async (_request, response) => {
      response.json(pressureJson(await pressure()) satisfies PressureAnswer);
    })
    .all(allow('GET'));
  return routes;
}
