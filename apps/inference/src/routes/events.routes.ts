import { eventsRequestSchema, type EventsAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import type { EventGroups } from '@larder/materialization/events';
import { withinDeadline } from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { idempotencyKeyOf } from '../http/idempotency-key.ts';
import { jsonBodyUpTo } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { refusedJson } from '../http/refused-json.ts';
import { validate } from '../http/validate.ts';

/** Limit on the body: predictions of the same process wait while it is parsed, about 5 ms. */
const MAX_BODY_BYTES = 1024 * 1024;
const DEADLINE_MS = 10_000;

export interface EventsRoutesDeps {
  readonly eventGroups: EventGroups;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

/** Lands events in this process, together with those of other callers: 200 when windows have them online, 202 when they will. */
export function eventsRoutes({ eventGroups, manifest }: EventsRoutesDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/events/:source')
    .post(noQuery, jsonBodyUpTo(MAX_BODY_BYTES), async (request, response) => {
      const { events } = validate(eventsRequestSchema, request.body);
      const landed = await withinDeadline(
        eventGroups.push({
          manifest: manifest(),
          source: request.params.source,
          events,
          idempotencyKey: idempotencyKeyOf(request),
          // A body without a length may be of any size.
          sizeBytes: Number(request.headers['content-length'] ?? MAX_BODY_BYTES),
        }),
        DEADLINE_MS,
      );
      response
        .status(landed.online ? 200 : 202)
        .location(`/v1/runs/${landed.runId}`)
        .json({
          accepted: landed.accepted,
          duplicates: landed.duplicates,
          rejected: refusedJson(landed.rejected),
          run_id: landed.runId,
        } satisfies EventsAnswer);
    })
    .all(allow('POST'));
  return routes;
}
