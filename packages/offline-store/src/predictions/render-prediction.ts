import type { CopyWriter } from '../copy/copy-writer.ts';
import { writeTimestampMs } from '../history/field-column.ts';
import type { PredictionRecord, PredictionView } from './prediction-record.ts';

/** The columns that `renderPrediction` writes, in its order. */
export const PREDICTION_COLUMNS =
  'prediction_id, predicted_at, project, model, version, entities, request, outputs, degraded, degraded_reasons, views, on_demand, latency_us';
const COLUMN_COUNT = PREDICTION_COLUMNS.split(', ').length;

const MAX_INT32 = 2_147_483_647;

/** Writes one row of `larder.predictions`. */
export function renderPrediction(out: CopyWriter, project: string, record: PredictionRecord): void {
  out.row(COLUMN_COUNT);
  out.uuid(record.predictionId);
  writeTimestampMs(out, record.predictedAtMs);
  out.text(project);
  out.text(record.model);
  out.int32(record.version);
  out.jsonb(storableJson(record.entities));
  out.jsonb(storableJson(record.request));
  out.jsonb(storableJson(record.outputs));
  out.bool(record.degraded);
  out.textArray(record.degradedReasons);
  out.jsonb(`[${record.views.map(viewJson).join(',')}]`);
  if (record.onDemand === null) out.null();
  else out.jsonb(storableJson(record.onDemand));
  out.int32(Math.min(Math.round(record.latencyUs), MAX_INT32));
}

function viewJson(view: PredictionView): string {
  return `{"ref":"${view.ref}","status":"${view.status}","event_timestamp_ms":${view.eventTimestampMs},"created_timestamp_ms":${view.createdTimestampMs},"revision":${view.revision}}`;
}

/** Requests come from strangers: what jsonb cannot hold (U+0000, lone surrogates) becomes U+FFFD, and the record is kept. */
function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u0000') || json.includes('\\ud')
    ? JSON.stringify(storable(JSON.parse(json)))
    : json;
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\ufffd').toWellFormed();
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [storable(name), storable(member)]),
  );
}
