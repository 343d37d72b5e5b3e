import { LarderError, type Clock } from '@larder/core';
import {
  findFeatureView,
  fingerprint,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type Manifest,
} from '@larder/features';
import { checkPushedRows, type CheckedPush } from './check-pushed-rows.ts';
import type { PushAnswer } from './push-keys.ts';

export interface PushRequest {
  /** The applied manifest. */
  readonly manifest: Manifest;
  /** `ad_stats` (its newest version) or `ad_stats@1`. */
  readonly view: string;
  /** Join keys, `event_timestamp` and every feature, as JSON of the HTTP API; the caller limits their number. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly idempotencyKey?: string | undefined;
}

/** A push whose rows were checked at arrival, ready to land, alone or with others of its view. */
export interface AcceptedPush {
  readonly manifest: Manifest;
  readonly view: FeatureViewManifest;
  readonly entity: EntityManifest;
  readonly checked: CheckedPush;
  readonly answer: PushAnswer;
  readonly idempotencyKey: string | null;
  readonly requestSha256: string;
}

/** @throws VIEW_NOT_FOUND, PUSH_NOT_SUPPORTED */
export async function acceptPush(clock: Clock, request: PushRequest): Promise<AcceptedPush> {
  const { manifest, rows } = request;
  const view = pushableView(request);
  const entity = manifest.entities[view.entity];
  if (!entity) throw new Error(`The manifest has ${viewRef(view)} but not its entity ${view.entity}.`);
  const arrivalMs = clock.nowMs();
  const checked = await checkPushedRows(rows, { view, entity, times: manifest, arrivalMs });
  return {
    manifest,
    view,
    entity,
    checked,
    answer: { accepted: checked.accepted.length, rejected: checked.rejected },
    idempotencyKey: request.idempotencyKey ?? null,
    // Without a key it is never compared with another push.
    requestSha256: request.idempotencyKey === undefined ? '' : fingerprint({ push: request.view, rows }),
  };
}

function pushableView({ manifest, view: name }: PushRequest): FeatureViewManifest {
  const view = findFeatureView(manifest, name);
  if (view.windowed !== undefined)
    throw new LarderError(
      'PUSH_NOT_SUPPORTED',
      `${viewRef(view)} has windows over events, so it takes no rows; send the events: POST /v1/events/${view.windowed.event_source}`,
    );
  if (view.compute !== null && view.source.kind !== 'push')
    throw new LarderError(
      'PUSH_NOT_SUPPORTED',
      `${viewRef(view)} computes its features from its source, so its rows cannot be pushed; change the source and run a backfill, push into a view without compute, or give it a pushSource.`,
    );
  return view;
}
