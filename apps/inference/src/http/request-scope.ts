import { requestSpan, tracer } from '@larder/core/tracing';
import { actingAs, type Logger } from '@larder/core';
import type { Request, RequestHandler } from 'express';
import { callerOf } from '../access/caller.ts';
import { keyHeaders } from '../access/key-headers.ts';
import type { Metrics } from '../metrics/create-metrics.ts';
import type { BodyRoom } from './body-room.ts';
import { requestIdOf } from './request-id.ts';

export interface RequestScopeDeps {
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly bodies: BodyRoom;
}

declare module 'express-serve-static-core' {
  interface Locals {
    requestId: string;
    bodies: BodyRoom;
  }
}

/** Counted instead of a status when the caller left before there was an answer, as in nginx. */
export const CALLER_LEFT = 499;

/** Requested by machines every few seconds: counted, not logged. */
const QUIET = /^\/(health|metrics)/;

/** Runs first: sets the request id of the answer and who acts, and counts and logs the request when it is done. */
export function requestScope({ metrics, logger, bodies }: RequestScopeDeps): RequestHandler {
  const spans = tracer();
  return (request, response, next) => {
    const startedAtMs = performance.now();
    const { method, path } = request;
    response.locals.requestId = requestIdOf(request);
    response.locals.bodies = bodies;
    response.setHeader('x-request-id', response.locals.requestId);
    const ofKey = keyHeaders(request);
    for (let at = 0; at < ofKey.length; at += 2)
      response.setHeader(ofKey[at] as string, ofKey[at + 1] as string);
    response.once('close', () => {
      // The pattern of the route: paths would create a series for every run and entity.
      const route = routeOf(request);
      const status = response.headersSent ? response.statusCode : CALLER_LEFT;
      const elapsedMs = performance.now() - startedAtMs;
      metrics.request(route, method, status).value += 1;
      metrics.requestTime(route, method).observe(elapsedMs / 1_000);
      if (QUIET.test(path)) return;
      const ms = Math.round(elapsedMs);
      logger.info({ request_id: response.locals.requestId, method, route, status, ms }, 'Request');
    });
    const act = (): void => actingAs({ ...callerOf(request), requestId: response.locals.requestId }, next);
    if (spans === null || QUIET.test(path)) return act();
    const { headers } = request;
    const span = requestSpan(spans, {
      name: method,
      headers,
      startedAtMs,
      attributes: { 'http.request.method': method },
    });
    response.once('close', () => {
      const route = routeOf(request);
      const status = response.headersSent ? response.statusCode : CALLER_LEFT;
      span.end({ name: `${method} ${route}`, status, attributes: { 'http.route': route } });
    });
    span.activate(act);
  };
}

/** The route as the OpenAPI document and the predict routes write it: `/v1/runs/{id}`. */
export function routeOf(request: Request): string {
  const path = (request.route as { path?: string } | undefined)?.path;
  return path?.replaceAll(/:(\w+)/g, '{$1}') ?? 'none';
}
