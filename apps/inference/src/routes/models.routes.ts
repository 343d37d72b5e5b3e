import { Router } from 'express';
import { allow } from '../http/allow.ts';

/** POST on these is answered before Express (predict.handler.ts); what arrives here is another method. */
export function modelsRoutes(): Router {
  const routes = Router();
  routes.route('/v1/models/:model/predict').all(allow('POST'));
  routes.route('/v1/models/:model/predict-batch').all(allow('POST'));
  return routes;
}
