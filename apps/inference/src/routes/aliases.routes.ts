import {
  MAX_LISTED_MOVES,
  MAX_MOVE_WAIT_MS,
  aliasMoveParamsSchema,
  dropAliasQuerySchema,
  markRequestSchema,
  modelVersionParamsSchema,
  putAliasRequestSchema,
  rollbackRequestSchema,
  type AliasAnswer,
  type AliasMoveAnswer,
  type AliasesAnswer,
  type ModelRecordsAnswer,
  type ModelVersionAnswer,
  type ModelVersionsAnswer,
  type MoveStandingAnswer,
  type PutAliasAnswer,
} from '@larder/contracts';
import { currentActor, LarderError, type Logger } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import {
  ALIAS_NAME,
  aliasJson,
  aliasNotFound,
  awaitInForce,
  createCompletion,
  dropAlias,
  findVersion,
  listModelRecords,
  markVersion,
  moveAlias,
  moveJson,
  moveResultJson,
  readAlias,
  readModelRecord,
  rollback,
  versionJson,
  type AliasId,
  type AliasMove,
} from '@larder/registry';
import { Router, type Request, type Response } from 'express';
import { allow } from '../http/allow.ts';
import { emptyBody, jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { validate } from '../http/validate.ts';
import { aliasTag, expectedOf } from '../models/alias-precondition.ts';

export interface AliasesDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
  readonly logger: Pick<Logger, 'info'>;
}

/** The versions of a model on record, and its aliases. */
export function aliasesRoutes({ offlineStore, project, logger }: AliasesDeps): Router {
  const routes = Router({ caseSensitive: true });
  const completion = createCompletion({ store: offlineStore, project, logger });
  const recordOf = (request: Request) =>
    readModelRecord(offlineStore, { project, model: modelOf(request), completion });
  routes
    .route('/v1/model-records')
    .get(noQuery, async (_request, response) => {
      response.json({
        models: await listModelRecords(offlineStore, project),
      } satisfies ModelRecordsAnswer);
    })
    .all(allow('GET'));
  routes
    .route('/v1/models/:model/versions/:version/mark')
    .post(noQuery, jsonBody, async (request, response) => {
      const { mark, reason } = validate(markRequestSchema, request.body);
      const model = modelOf(request);
      const { version } = validate(modelVersionParamsSchema, request.params);
      await markVersion(offlineStore, {
        project,
        model,
        version,
        mark,
        actor: currentActor().actor,
        reason,
      });
      const record = await recordOf(request);
      const marked = versionJson(record, findVersion(record.versions, { model, version }));
      response.json(marked satisfies ModelVersionAnswer);
    })
    .all(allow('POST'));
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
        actor: currentActor().actor,
      });
      await answerMoved({ id, move, changed, waitMs: body.wait_ms }, response);
    })
    .delete(emptyBody, async (request, response) => {
      const { reason } = validate(dropAliasQuerySchema, request.query);
      const id = { project, model: modelOf(request), alias: request.params.alias };
      const record = await readAlias(offlineStore, id);
      if (record.state === null) throw aliasNotFound(id.model, id.alias);
      const move = await dropAlias(offlineStore, {
        ...id,
        ...expectedOf(request, record),
        actor: currentActor().actor,
        reason,
      });
      response.json(moveJson(move) satisfies AliasMoveAnswer);
    })
    .all(allow('GET', 'PUT', 'DELETE'));
  routes
    .route('/v1/models/:model/aliases/:alias/rollback')
    .post(noQuery, jsonBody, async (request, response) => {
      const body = validate(rollbackRequestSchema, request.body);
      const id = { project, model: modelOf(request), alias: request.params.alias };
      const record = await readAlias(offlineStore, id);
      if (record.state === null) throw aliasNotFound(id.model, id.alias);
      const expected = expectedOf(request, record);
      const move = await rollback(offlineStore, {
        ...id,
        ...expected,
        expectedMoveId: expected.expectedMoveId ?? record.newest?.moveId ?? null,
        actor: currentActor().actor,
        reason: body.reason,
      });
      await answerMoved({ id, move, changed: true, waitMs: body.wait_ms }, response);
    })
    .all(allow('POST'));
  routes
    .route('/v1/models/:model/aliases/:alias/moves/:move_id')
    .get(noQuery, async (request, response) => {
      const { move_id: moveId } = validate(aliasMoveParamsSchema, request.params);
      const { moves } = await recordOf(request);
      const own = moves.filter(({ alias }) => alias === request.params.alias);
      const move = own.find((each) => each.moveId === moveId);
      if (move === undefined) throw aliasNotFound(modelOf(request), request.params.alias);
      const standing = await awaitInForce(offlineStore, {
        project,
        model: move.model,
        alias: move.alias,
        moveId,
        timeoutMs: 0,
      });
      const newest = Math.max(...own.map((each) => each.moveId));
      response.json({
        ...moveResultJson(move, { changed: true, standing }),
        version: move.toVersion,
        replaced_by: newest === moveId ? null : newest,
      } satisfies MoveStandingAnswer);
    })
    .all(allow('GET'));
  return routes;

  /** Waits until every inference process answers with it, or the caller has gone. */
  async function answerMoved(
    { id, move, changed, waitMs = MAX_MOVE_WAIT_MS }: Moved,
    response: Response,
  ): Promise<void> {
    const left = new AbortController();
    response.once('close', () => left.abort());
    const standing =
      waitMs === 0
        ? null
        : await awaitInForce(offlineStore, {
            ...id,
            moveId: move.moveId,
            timeoutMs: waitMs,
            signal: left.signal,
          });
    response
      .status(standing?.waiting.length === 0 ? 200 : 202)
      .set('etag', `"${move.moveId}"`)
      .json(moveResultJson(move, { changed, standing }) satisfies PutAliasAnswer);
  }
}

interface Moved {
  readonly id: AliasId;
  readonly move: AliasMove;
  readonly changed: boolean;
  readonly waitMs: number | undefined;
}

/** @throws MODEL_NOT_FOUND */
function modelOf(request: Request): string {
  const model = String(request.params['model']);
  if (ALIAS_NAME.test(model)) return model;
  throw new LarderError('MODEL_NOT_FOUND', 'No model has this name. List the models: GET /v1/models');
}
