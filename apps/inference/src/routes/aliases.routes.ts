import {
  MAX_LISTED_MOVES,
  putAliasRequestSchema,
  type AliasAnswer,
  type AliasesAnswer,
  type ModelVersionsAnswer,
  type PutAliasAnswer,
} from '@larder/contracts';
import { LarderError, type Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import {
  ALIAS_NAME,
  aliasJson,
  aliasNotFound,
  awaitInForce,
  createCompletion,
  moveAlias,
  moveJson,
  moveResultJson,
  readAlias,
  readModelRecord,
  versionJson,
} from '@larder/registry';
import { Router, type Request } from 'express';
import { allow } from '../http/allow.ts';
import { jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';
import { aliasTag, expectedOf } from '../models/alias-precondition.ts';

export interface AliasesDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
  readonly logger: Pick<Logger, 'info'>;
}

/** How long a move waits for the inference processes before it answers that some do not have it yet. */
const WAIT_MS = 10_000;

/** The versions of a model on record, and its aliases. */
export function aliasesRoutes({ offlineStore, project, logger }: AliasesDeps): Router {
  const routes = Router({ caseSensitive: true });
  const completion = createCompletion({ store: offlineStore, project, logger });
  const recordOf = (request: Request) =>
    readModelRecord(offlineStore, { project, model: modelOf(request), completion });
  routes
    .route('/v1/models/:model/versions')
    .get(noQuery, async (request, response) => {
      const record = await recordOf(request);
      const versions = record.versions.toReversed().map((each) => versionJson(record, each));
      response.json({ versions } satisfies ModelVersionsAnswer);
    })
    .all(allow('GET'));
  routes
    .route('/v1/models/:model/aliases')
    .get(noQuery, async (request, response) => {
      const { aliases, moves } = await recordOf(request);
      response.json({
        aliases: aliases.map(aliasJson),
        moves: moves.toReversed().slice(0, MAX_LISTED_MOVES).map(moveJson),
      } satisfies AliasesAnswer);
    })
    .all(allow('GET'));
  routes
    .route('/v1/models/:model/aliases/:alias')
    .get(noQuery, async (request, response) => {
      const id = { project, model: modelOf(request), alias: request.params.alias };
      const { state } = await readAlias(offlineStore, id);
      if (state === null) throw aliasNotFound(id.model, id.alias);
      response.set('etag', aliasTag(state)).json(aliasJson(state) satisfies AliasAnswer);
    })
    .put(noQuery, jsonBody, async (request, response) => {
      const body = validate(putAliasRequestSchema, request.body);
      const id = { project, model: modelOf(request), alias: request.params.alias };
      const { move, changed } = await moveAlias(offlineStore, {
        ...id,
        ...expectedOf(request, await readAlias(offlineStore, id)),
        toVersion: body.version,
        acceptIncomplete: body.accept_incomplete,
        reason: body.reason,
        actor: `http from ${request.socket.remoteAddress ?? 'nowhere'}`,
      });
      const left = new AbortController();
      response.once('close', () => left.abort());
      const standing = await awaitInForce(offlineStore, {
        ...id,
        moveId: move.moveId,
        timeoutMs: WAIT_MS,
        signal: left.signal,
      });
      response
        .status(standing.waiting.length === 0 ? 200 : 202)
        .set('etag', `"${move.moveId}"`)
        .json(moveResultJson(move, { changed, standing }) satisfies PutAliasAnswer);
    })
    .all(allow('GET', 'PUT'));
  return routes;
}

/** @throws MODEL_NOT_FOUND */
function modelOf(request: Request): string {
  const model = String(request.params['model']);
  if (ALIAS_NAME.test(model)) return model;
  throw new LarderError('MODEL_NOT_FOUND', 'No model has this name. List the models: GET /v1/models');
}
