import { backfillRequestSchema, type BackfillAnswer } from '@larder/contracts';
import type { Manifest } from '@larder/features';
import { createBackfill } from '@larder/materialization/runs';
import type { OfflineStore } from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { idempotencyKeyOf } from '../http/idempotency-key.ts';
import { jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';

export interface BackfillsDeps {
  readonly offlineStore: OfflineStore;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

/** Queues a run, which workers compute. */
export function backfillsRoutes(deps: BackfillsDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/backfills')
    .post(noQuery, jsonBody, async (request, response) => {
      const body = validate(backfillRequestSchema, request.body);
      const { runId, status } = await createBackfill(deps.offlineStore, {
        manifest: deps.manifest(),
        view: body.view,
        scope: body.scope,
        limit: body.limit,
        priority: body.priority,
        maxRowsPerSecond: body.max_rows_per_second,
        force: body.force,
        idempotencyKey: idempotencyKeyOf(request),
      });
      response
        .status(202)
        .location(`/v1/runs/${runId}`)
        .json({ run_id: runId, status } satisfies BackfillAnswer);
    })
    .all(allow('POST'));
  return routes;
}
