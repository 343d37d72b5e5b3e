import {
  erasureQuerySchema,
  receiptsQuerySchema,
  type ErasureReceipt,
  type ErasureReceipts,
} from '@larder/contracts';
import { currentActor, type Logger } from '@larder/core';
import type { Manifest } from '@larder/features';
import {
  allowEntityAgain,
  forgetEntity,
  leaveArchivesToWorkers,
  receiptJson,
  type ForgetRequest,
  type ReceiptPlace,
} from '@larder/materialization/erasure';
import { getReceipt, listReceipts, type OfflineStore } from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { Router, type Request } from 'express';
import { allow } from '../http/allow.ts';
import { emptyBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';

export interface ErasuresDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: OnlineStore;
  readonly receipts: ReceiptPlace | null;
  readonly logger: Logger;
  manifest(): Manifest;
}

interface EntityParams {
  readonly entity: string;
  readonly key: string;
}

/** Erases an entity everywhere, and allows it again; mounted before the route that shows it. */
export function erasuresRoutes({
  offlineStore,
  onlineStore,
  receipts,
  logger,
  manifest,
}: ErasuresDeps): Router {
  const deps = {
    offlineStore,
    onlineStore,
    receipts,
    logger,
    eraseFromArchives: leaveArchivesToWorkers(offlineStore),
  };
  const asked = ({ params, query }: Request<EntityParams>): ForgetRequest => ({
    manifest: manifest(),
    entity: params.entity,
    key: params.key,
    actor: currentActor().actor,
    reason: validate(erasureQuerySchema, query).reason ?? null,
  });
  const routes = Router({ caseSensitive: true });
  routes.delete('/v1/entities/:entity/:key', async (request, response) => {
    const receipt: ErasureReceipt = receiptJson(await forgetEntity(deps, asked(request)));
    response
      .status(receipt.status === 'complete' ? 200 : 202)
      .location(`/v1/erasures/${receipt.receipt_id}`)
      .json(receipt);
  });
  routes
    .route('/v1/entities/:entity/:key/allow-again')
    .post(emptyBody, async (request, response) => {
      const receipt = await allowEntityAgain(deps, asked(request));
      response.json(receiptJson(receipt) satisfies ErasureReceipt);
    })
    .all(allow('POST'));
  routes
    .route('/v1/erasures')
    .get(async (request, response) => {
      const { limit } = validate(receiptsQuerySchema, request.query);
      const listed = await listReceipts(offlineStore, manifest().project, limit);
      response.json({ receipts: listed.map(receiptJson) } satisfies ErasureReceipts);
    })
    .all(allow('GET'));
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
