import {
  entityKeysQuerySchema,
  onlineFeaturesRequestSchema,
  type EntityKeysAnswer,
  type OnlineFeaturesAnswer,
} from '@larder/contracts';
import { LarderError } from '@larder/core';
import { findFeatureView, viewRef, type Manifest } from '@larder/features';
import { readOnlineFeatures, type OnlineFeaturesDeps } from '@larder/serving';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { createTurns } from '../http/create-turns.ts';
import { jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import type { UnreadAnswers } from '../http/unread-answers.ts';
import { validate } from '../http/validate.ts';

export interface FeaturesDeps extends Omit<OnlineFeaturesDeps, 'manifest'> {
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
  readonly answers: UnreadAnswers;
}

const DEFAULT_KEYS = 100;
/** Features times entities up to which requests are answered concurrently; a whole view counts as one. */
const MAX_SMALL_READ = 100;
/** The largest cursor of Redis; a greater one is an error of the command. */
const MAX_SCAN_CURSOR = 2n ** 64n - 1n;

/** Serves features without a model, and lists the keys that have features. */
export function featuresRoutes(deps: FeaturesDeps): Router {
  const routes = Router({ caseSensitive: true });
  const turns = createTurns();
  routes
    .route('/v1/features/online')
    .post(noQuery, jsonBody, async (request, response) => {
      const body = validate(onlineFeaturesRequestSchema, request.body);
      // The annotation checks the use case against the contract.
      const read = (): Promise<OnlineFeaturesAnswer> =>
        readOnlineFeatures({ ...deps, manifest: deps.manifest() }, body);
      const isLarge = body.features.length * body.entities.length > MAX_SMALL_READ;
      const send = async () => void response.json(await read());
      const sendInTurn = async () => {
        // The caller may have left in the meantime.
        if (response.destroyed) return;
        deps.answers.expectLarge();
        await send();
      };
      await (isLarge ? turns.take(sendInTurn) : send());
    })
    .all(allow('POST'));

  routes
    .route('/v1/entities/:entity')
    .get(async (request, response) => {
      const { view, cursor, limit = DEFAULT_KEYS } = validate(entityKeysQuerySchema, request.query);
      const manifest = deps.manifest();
      const entity = entityOf(manifest, request.params.entity);
      const ref = view === undefined ? undefined : viewOf(manifest, entity, view);
      const page = await deps.onlineStore.keys(entity, {
        cursor: cursor === undefined ? null : scanCursorOf(cursor),
        limit,
        ...(ref !== undefined && { viewRef: ref }),
      });
      response.json({
        entity,
        keys: page.keys,
        cursor: page.cursor === null ? null : cursorOf(page.cursor),
      } satisfies EntityKeysAnswer);
    })
    .all(allow('GET'));
  return routes;
}

function entityOf(manifest: Manifest, name: string): string {
  if (Object.hasOwn(manifest.entities, name)) return name;
  const names = Object.keys(manifest.entities).join(', ') || 'none';
  throw new LarderError('ENTITY_NOT_FOUND', `No entity has this name; applied entities: ${names}.`);
}

function viewOf(manifest: Manifest, entity: string, name: string): string {
  const view = findFeatureView(manifest, name);
  if (view.entity === entity) return viewRef(view);
  const detail = `is a view of ${view.entity}, not of ${entity}`;
  throw new LarderError('REQUEST_INVALID', `The view ${viewRef(view)} ${detail}.`, {
    errors: [{ pointer: '/view', detail }],
  });
}

/** Opaque to callers, so that its form may change. */
function cursorOf(scanCursor: string): string {
  return Buffer.from(`s${scanCursor}`).toString('base64url');
}

function scanCursorOf(cursor: string): string {
  const match = /^s(\d{1,20})$/.exec(Buffer.from(cursor, 'base64url').toString());
  if (match?.[1] !== undefined && BigInt(match[1]) <= MAX_SCAN_CURSOR) return match[1];
  const detail = 'is not a cursor of an earlier answer; omit it to start at the first page';
  throw new LarderError('REQUEST_INVALID', `The cursor ${detail}.`, {
    errors: [{ pointer: '/cursor', detail }],
  });
}
