import { isLarderError, LarderError, type Logger } from '@larder/core';
import express, { type ErrorRequestHandler, type Express, type Router } from 'express';
import { callerKey } from './access/caller.ts';
import type { Door } from './access/open-door.ts';
import type { Metrics } from './metrics/create-metrics.ts';
import type { BodyRoom } from './http/body-room.ts';
import type { FailureLog } from './http/failure-log.ts';
import { sendProblem } from './http/problem.ts';
import { requestScope, routeOf } from './http/request-scope.ts';
import { dataHeaders } from './http/security-headers.ts';
import type { UnreadAnswers } from './http/unread-answers.ts';

export interface AppDeps {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly failures: FailureLog;
  readonly bodies: BodyRoom;
  readonly answers: UnreadAnswers;
  readonly door: Pick<Door, 'record'>;
  /** In the order of the OpenAPI document. */
  readonly routes: readonly Router[];
}

/** Express with what every route shares: request ids, counts, headers, problems. */
export function createApp(deps: AppDeps): Express {
  const { metrics, logger, failures, bodies, door, routes } = deps;
  const app = express();
  boundAnswers(app, deps);
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(requestScope({ metrics, logger, bodies }));
  app.use(dataHeaders);
  for (const router of routes) app.use(router);
  app.use(() => {
    throw new LarderError('ROUTE_NOT_FOUND', 'This route does not exist; /docs lists all routes.');
  });
  app.use(((error: unknown, request, response, _next) => {
    bodies.release(request);
    const key = callerKey(request);
    if (key !== undefined && isLarderError(error))
      door.record({ request, error, method: request.method, path: routeOf(request), key });
    sendProblem(response, knownError(error), { requestId: response.locals.requestId, failures });
  }) satisfies ErrorRequestHandler);
  return app;
}

/** Each answer releases the memory of its request body, and counts as held until its caller has read it. */
function boundAnswers({ response: answer }: Express, { bodies, answers }: AppDeps): void {
  const { send } = express.response;
  answer.send = function (body) {
    bodies.release(this.req);
    if (typeof body === 'string') answers.hold(this, Buffer.byteLength(body));
    return send.call(this, body);
  };
}

function knownError(error: unknown): unknown {
  if (error instanceof URIError || (error instanceof Error && error.cause instanceof URIError))
    return new LarderError('ROUTE_NOT_FOUND', 'The path is not valid percent-encoding.');
  return error;
}
