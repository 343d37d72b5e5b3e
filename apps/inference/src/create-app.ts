import { LarderError, type Logger } from '@larder/core';
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import type { Metrics } from './metrics/create-metrics.ts';
import type { FailureLog } from './http/failure-log.ts';
import { sendProblem } from './http/problem.ts';
import { requestScope } from './http/request-scope.ts';
import { dataHeaders } from './http/security-headers.ts';

export interface AppDeps {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly failures: FailureLog;
  /** In the order of the OpenAPI document. */
  readonly routes: readonly Router[];
}

/** Express with what every route shares: request ids, counts, headers, problems. */
export function createApp({ metrics, logger, failures, routes }: AppDeps): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(requestScope({ metrics, logger }));
  app.use(dataHeaders);
  for (const router of routes) app.use(router);
  app.use(() => {
    throw new LarderError('ROUTE_NOT_FOUND', 'There is no such route; /docs lists them.');
  });
  app.use(((error: unknown, _request, response, _next) => {
    sendProblem(response, knownError(error), { requestId: response.locals.requestId, failures });
  }) satisfies ErrorRequestHandler);
  return app;
}

function knownError(error: unknown): unknown {
  if (error instanceof URIError || (error instanceof Error && error.cause instanceof URIError))
    return new LarderError('ROUTE_NOT_FOUND', 'The path is not valid percent-encoding.');
  return error;
}
