import { erasureQuerySchema, type ErasureReceipt } from '@larder/contracts';
import type { Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import { forgetEntity, leaveArchivesToWorkers, receiptJson } from '@larder/materialization/erasure';
import { getReceipt, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';

export interface ErasuresDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly logger: Logger;
  manifest(): Manifest;
}

/** Erases an entity everywhere; mounted before the route that shows it. */
export function erasuresRoutes({ offlineStore, onlineStore, logger, manifest }: ErasuresDeps): Router {
  const deps = {
    offlineStore,
    onlineStore,
    logger,
    eraseFromArchives: leaveArchivesToWorkers(offlineStore),
  };
  const routes = Router({ caseSensitive: true });
  routes.delete('/v1/entities/:entity/:key', async (request, response) => {
    const { reason = null } = validate(erasureQuerySchema, request.query);
    const receipt: ErasureReceipt = receiptJson(
      await forgetEntity(deps, {
        manifest: manifest(),
        entity: request.params.entity,
        key: request.params.key,
        actor: `http from ${request.socket.remoteAddress ?? 'nowhere'}`,
        reason,
      }),
    );
    response
      .status(receipt.status === 'complete' ? 200 : 202)
      .location(`/v1/erasures/${receipt.receipt_id}`)
      .json(receipt);
  });
  routes
    .route('/v1/erasures/:receipt_id')
    .get(noQuery, async (request, response) => {
      const { project } = manifest();
      const receipt = await getReceipt(offlineStore, project, request.params.receipt_id);
      response.json(receiptJson(receipt) satisfies ErasureReceipt);
    })
    .all(allow('GET'));
  return routes;
}
