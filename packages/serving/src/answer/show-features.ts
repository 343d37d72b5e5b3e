import {
  encodeJsonValue,
  type FieldManifest,
  type FieldValue,
  type JsonValue,
  type OnDemandResult,
} from '@larder/features';
import { rowEventTimestampMs, wasWritten } from '@larder/online-store';
import type { PlanView, ShownFeature } from '../plan/compiled-plan.ts';
import { readingAt, type Batch } from '../batch.ts';
import { OUTSIDE_MAX_AGE, PRESENT } from '../readings/view-statuses.ts';

/** One feature of an answer with its source; JSON of the HTTP API. */
export interface ServedFeature {
  readonly ref: string;
  readonly value: JsonValue;
  readonly status: 'PRESENT' | 'NULL_VALUE' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';
  readonly source: 'online' | 'request' | 'on_demand' | 'computed' | 'default';
  readonly event_timestamp: string | null;
  readonly age_ms: number | null;
}

/** Called only when the caller sets `features: true`: it builds an object per feature. */
export function showFeatures(batch: Batch, row: number, results: readonly OnDemandResult[]): ServedFeature[] {
  return batch.plan.shown.map((shown) => {
    switch (shown.kind) {
      case 'view':
        return showStored(batch, row, shown);
      case 'on_demand': {
        const { field, name, defaultValue } = shown.feature;
        const given = (results[shown.view] as OnDemandResult)[name] ?? null;
        const source = given === null && defaultValue !== null ? 'default' : 'on_demand';
        const status = given === null ? 'NULL_VALUE' : 'PRESENT';
        const value = json(field, given ?? defaultValue);
        return { ref: shown.ref, value, status, source, event_timestamp: null, age_ms: null };
      }
      case 'request': {
        const value = json(shown.field, batch.inputs.requests[row]?.[shown.place] ?? null);
        return {
          ref: shown.ref,
          value,
          status: 'PRESENT',
          source: 'request',
          event_timestamp: null,
          age_ms: null,
        };
      }
    }
  });
}

function showStored(
  batch: Batch,
  row: number,
  shown: Extract<ShownFeature, { kind: 'view' }>,
): ServedFeature {
  const view = batch.plan.views[shown.view] as PlanView;
  const at = readingAt(batch, row, view);
  const code = batch.readings.statuses[view.group]?.[at];
  const stored = batch.readings.rows[view.group]?.[at] ?? null;
  if (stored === null || (code !== PRESENT && code !== OUTSIDE_MAX_AGE)) {
    const value = json(shown.field, shown.defaultValue);
    return {
      ref: shown.ref,
      value,
      status: 'NOT_FOUND',
      source: 'default',
      event_timestamp: null,
      age_ms: null,
    };
  }
  const { nowMs } = batch.readings;
  const times = wasWritten(stored) ? timesOf(stored, nowMs) : { event_timestamp: null, age_ms: null };
  const given = code === PRESENT ? (shown.reader.read(stored, nowMs)[0] ?? null) : null;
  const value = json(shown.field, given ?? shown.defaultValue);
  if (code === OUTSIDE_MAX_AGE)
    return { ref: shown.ref, value, status: 'OUTSIDE_MAX_AGE', source: 'default', ...times };
  if (given !== null) return { ref: shown.ref, value, status: 'PRESENT', source: 'online', ...times };
  const source = shown.defaultValue === null ? 'online' : 'default';
  return { ref: shown.ref, value, status: 'NULL_VALUE', source, ...times };
}

function timesOf(row: Buffer, nowMs: number): Pick<ServedFeature, 'event_timestamp' | 'age_ms'> {
  const eventMs = rowEventTimestampMs(row);
  return { event_timestamp: new Date(eventMs).toISOString(), age_ms: nowMs - eventMs };
}

function json(field: FieldManifest, value: FieldValue): JsonValue {
  return encodeJsonValue(field, value);
}
