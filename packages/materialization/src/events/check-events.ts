import { setImmediate } from 'node:timers/promises';
import { isLarderError, jsonPointer, MAX_PROBLEMS, type ErrorDetail } from '@larder/core';
import {
  decodeJsonValue,
  entityKey,
  type EntityManifest,
  type EventSourceManifest,
  type FieldManifest,
  type FieldValue,
} from '@larder/features';
import { checkEventTimes, type ArrivedEvent, type EventTimes } from '@larder/offline-store';
import type { RejectedRow } from '../push/check-pushed-rows.ts';

export interface AcceptedEvent {
  /** Index in the events of the request. */
  readonly index: number;
  readonly event: ArrivedEvent;
}

export interface CheckedEvents {
  /** In the order of the request. */
  readonly accepted: readonly AcceptedEvent[];
  readonly rejected: readonly RejectedRow[];
}

export interface CheckEventsOptions {
  readonly source: EventSourceManifest;
  /** Entities of the windowed views of the source: an event has their join keys. */
  readonly entities: readonly EntityManifest[];
  readonly times: EventTimes;
  /** When the events arrived; of each. */
  readonly arrivalMs: number;
}

/** Events per turn: predictions of the same process wait for a turn. */
const EVENTS_PER_TURN = 200;
const MAX_ID_BYTES = 256;
/** 10^18 of them add up to less than the greatest float64. */
const MAX_NUMBER = 1e290;
const EVENT_ID: FieldManifest = { name: 'event_id', type: 'string' };
const EVENT_TIMESTAMP: FieldManifest = { name: 'event_timestamp', type: 'timestamp' };
const RETRACTED = 'retracted';

/** Checks events of the HTTP API; each is accepted, or rejected with every wrong member. */
export async function checkEvents(
  events: readonly Readonly<Record<string, unknown>>[],
  options: CheckEventsOptions,
): Promise<CheckedEvents> {
  const accepted: AcceptedEvent[] = [];
  const rejected: RejectedRow[] = [];
  for (const [index, json] of events.entries()) {
    if (index > 0 && index % EVENTS_PER_TURN === 0) await setImmediate();
    const pointer = `/events/${index}`;
    const event = readEvent(json, pointer, options);
    if (Array.isArray(event)) rejected.push({ index, code: 'REQUEST_INVALID', errors: event });
    else {
      const refused = refusal(event, pointer, options);
      if (refused === null) accepted.push({ index, event });
      else rejected.push({ index, ...refused });
    }
  }
  return { accepted, rejected };
}

/** Why an event cannot be stored: its time, or its key. */
export function refusal(
  event: ArrivedEvent,
  pointer: string,
  { source, entities, times, arrivalMs }: CheckEventsOptions,
): Omit<RejectedRow, 'index'> | null {
  const { refused } = checkEventTimes([event], timesOf(source, times), arrivalMs);
  const [late] = refused;
  if (late !== undefined)
    return {
      code: late.error.code,
      errors: [{ pointer: `${pointer}/${EVENT_TIMESTAMP.name}`, detail: late.error.message }],
    };
  const errors = Object.entries(event.values).flatMap(([name, value]): ErrorDetail[] =>
    typeof value === 'number' && !(Math.abs(value) <= MAX_NUMBER)
      ? [
          {
            pointer: `${pointer}/${name}`,
            detail: `must be a number from -${MAX_NUMBER} to ${MAX_NUMBER}, so that sums of events stay finite`,
          },
        ]
      : [],
  );
  if (!event.isRetracted) errors.push(...entities.flatMap((entity) => keyProblems(event, pointer, entity)));
  return errors.length === 0 ? null : { code: 'REQUEST_INVALID', errors };
}

/** Events beyond their retention would only be dropped again. */
function timesOf({ retention_ms: retentionMs }: EventSourceManifest, times: EventTimes): EventTimes {
  return retentionMs === 'forever' || retentionMs >= times.event_horizon_ms
    ? times
    : { ...times, event_horizon_ms: retentionMs };
}

function keyProblems(event: ArrivedEvent, pointer: string, entity: EntityManifest): ErrorDetail[] {
  const missing = entity.join_keys.filter(
    ({ name, constant }) => constant === undefined && (event.values[name] ?? null) === null,
  );
  if (missing.length > 0)
    return missing.map(({ name }) => ({
      pointer: `${pointer}/${name}`,
      detail: `is missing: it is a join key of ${entity.name}`,
    }));
  try {
    entityKey(entity, event.values);
    return [];
  } catch (error) {
    if (!isLarderError(error)) throw error;
    return [{ pointer, detail: error.message }];
  }
}

function readEvent(
  json: Readonly<Record<string, unknown>>,
  pointer: string,
  { source, arrivalMs }: CheckEventsOptions,
): ArrivedEvent | ErrorDetail[] {
  const errors: ErrorDetail[] = [];
  const read = (field: FieldManifest, nullable: boolean): FieldValue | null => {
    const given = Object.hasOwn(json, field.name) ? json[field.name] : undefined;
    if (nullable && (given === undefined || given === null)) return null;
    const decoded = decodeJsonValue(field, given);
    if (decoded.ok) return decoded.value;
    errors.push({
      pointer: `${pointer}/${field.name}`,
      detail: given === undefined ? 'is missing' : decoded.detail,
    });
    return null;
  };
  const eventId = read(EVENT_ID, false);
  if (typeof eventId === 'string' && (eventId === '' || Buffer.byteLength(eventId) > MAX_ID_BYTES))
    errors.push({
      pointer: `${pointer}/${EVENT_ID.name}`,
      detail: `must have 1 to ${MAX_ID_BYTES} bytes`,
    });
  const eventTimestamp = read(EVENT_TIMESTAMP, false);
  const values: Record<string, FieldValue | null> = {};
  for (const field of source.schema) values[field.name] = read(field, true);
  const retracted = Object.hasOwn(json, RETRACTED) ? json[RETRACTED] : false;
  if (typeof retracted !== 'boolean')
    errors.push({ pointer: `${pointer}/${RETRACTED}`, detail: 'must be true or false' });
  for (const name of Object.keys(json)) {
    if (name === EVENT_ID.name || name === EVENT_TIMESTAMP.name || name === RETRACTED) continue;
    if (Object.hasOwn(values, name)) continue;
    if (errors.length >= MAX_PROBLEMS) break;
    errors.push({ pointer: pointer + jsonPointer([name]), detail: 'is not a field of the event source' });
  }
  if (errors.length > 0) return errors.slice(0, MAX_PROBLEMS);
  return {
    eventId: eventId as string,
    eventTimestampMs: (eventTimestamp as Date).getTime(),
    createdTimestampMs: arrivalMs,
    isRetracted: retracted as boolean,
    values,
  };
}
