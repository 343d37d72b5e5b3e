import {
  labelsEnvelopeSchema,
  labelsQuerySchema,
  readLabel,
  type LabelsAnswer,
  type StoredLabels,
} from '@larder/contracts';
import { requestInvalid, type Clock } from '@larder/core';
import { entityKey, parseEntityKey, type Manifest } from '@larder/features';
import {
  findLabels,
  takeLabels,
  withinDeadline,
  type FoundLabel,
  type LabelTarget,
  type OfflineStore,
} from '@larder/offline-store';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { createTurns } from '../http/create-turns.ts';
import { jsonBody } from '../http/json-body.ts';
import { noQuery } from '../http/no-query.ts';
import { refusedJson } from '../http/refused-json.ts';
import { validate } from '../http/validate.ts';

export interface LabelsRoutesDeps {
  readonly offlineStore: OfflineStore;
  readonly clock: Clock;
  /** The applied manifest. @throws DEFINITION_NOT_LOADED before the first apply */
  manifest(): Manifest;
}

const DEADLINE_MS = 5_000;
const MAX_FOUND = 1_000;
/** One is stored at a time, so that a flood of labels leaves the other connections to the prediction log. */
const MAX_WAITING = 32;

/** Outcomes of predictions: stored once per event, and what is on record about one prediction or entity. */
export function labelsRoutes({ offlineStore, clock, manifest }: LabelsRoutesDeps): Router {
  const routes = Router({ caseSensitive: true });
  const turns = createTurns({ most: MAX_WAITING });
  routes
    .route('/v1/labels')
    .get(async (request, response) => {
      const { name, as_of: asOf, ...about } = validate(labelsQuerySchema, request.query);
      const { project, entities } = manifest();
      const found = await findLabels(offlineStore, {
        project,
        target: targetOf(about, entities),
        limit: MAX_FOUND,
        ...(name !== undefined && { name }),
        ...(asOf !== undefined && { asOf: new Date(asOf) }),
      });
      response.json({ labels: found.map(labelJson) } satisfies StoredLabels);
    })
    .post(noQuery, jsonBody, async (request, response) => {
      const { labels } = validate(labelsEnvelopeSchema, request.body);
      const given = labels.map((label, index) => readLabel(label, pointer(index)));
      const taken = await withinDeadline(
        turns.take(() =>
          takeLabels(offlineStore, given, { manifest: manifest(), nowMs: clock.nowMs(), pointer }),
        ),
        DEADLINE_MS,
      );
      response.json({
        stored: taken.stored,
        known: taken.known,
        refused: refusedJson(taken.refused),
      } satisfies LabelsAnswer);
    })
    .all(allow('GET', 'POST'));
  return routes;
}

const pointer = (index: number): string => `/labels/${index}`;

interface About {
  readonly prediction_id?: string | undefined;
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
}

function targetOf(about: About, entities: Manifest['entities']): LabelTarget {
  const { prediction_id: predictionId, entity: name, key } = about;
  if ((predictionId === undefined) !== (name !== undefined && key !== undefined))
    throw requestInvalid([{ pointer: '/prediction_id', detail: 'or entity and key: give one of them' }]);
  if (predictionId !== undefined) {
    if (name === undefined && key === undefined) return { predictionId };
    throw requestInvalid([{ pointer: '/prediction_id', detail: 'and an entity: give one of them' }]);
  }
  const entity = Object.hasOwn(entities, name ?? '') ? entities[name ?? ''] : undefined;
  if (entity === undefined)
    throw requestInvalid([
      { pointer: '/entity', detail: `must be one of ${Object.keys(entities).join(', ')}` },
    ]);
  return {
    entity: entity.name,
    entityKey: entityKey(entity, parseEntityKey(entity, key ?? '')),
    sensitive: entity.join_keys.some((field) => field.sensitive !== undefined),
  };
}

function labelJson(label: FoundLabel): StoredLabels['labels'][number] {
  return {
    name: label.name,
    source: label.source,
    event_id: label.eventId,
    prediction_id: label.predictionId,
    entity: label.entity,
    key: label.entityKey,
    event_timestamp: label.eventTimestamp.toISOString(),
    value: label.value,
    corrects: label.corrects,
    weight: label.weight,
    received_at: label.receivedAt.toISOString(),
    current: label.current,
  };
}
