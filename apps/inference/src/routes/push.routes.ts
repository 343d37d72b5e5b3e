import { pushRequestSchema, type PushAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import type { PushGroups } from '@larder/materialization/push';
import { withinDeadline } from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { idempotencyKeyOf } from '../http/idempotency-key.ts';
import { jsonBodyUpTo } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { refusedJson } from '../http/refused-json.ts';
import { validate } from '../http/validate.ts';

/** Limit on the body: predictions of the same process wait while it is parsed, about 25 ms. */
const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** Deadline for a thousand wide rows, new partitions and Redis. */
const DEADLINE_MS = 10_000;

export interface PushRoutesDeps {
  readonly pushes: PushGroups;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

/** Lands rows in this process, together with those of other callers and without a queue: 200 when they are in the online store, 202 when they will be there later. */
export function pushRoutes(deps: PushRoutesDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/views/:view/push')
    .post(noQuery, jsonBodyUpTo(MAX_BODY_BYTES), async (request, response) => {
      const { rows } = validate(pushRequestSchema, request.body);
      const pushed = await withinDeadline(
        deps.pushes.push({
          manifest: deps.manifest(),
          view: request.params.view,
          rows,
          idempotencyKey: idempotencyKeyOf(request),
          // A body without a length may be of any size.
          sizeBytes: Number(request.headers['content-length'] ?? MAX_BODY_BYTES),
        }),
        DEADLINE_MS,
      );
      response
        .status(pushed.online ? 200 : 202)
        .location(`/v1/runs/${pushed.runId}`)
        .json({
          accepted: pushed.accepted,
          rejected: refusedJson(pushed.rejected),
          run_id: pushed.runId,
        } satisfies PushAnswer);
    })
    .all(allow('POST'));
  return routes;
}
