import type { CopyWriter } from '../copy/copy-writer.ts';
import { writeTimestampMs } from '../history/field-column.ts';
import { storableText } from '../storable-text.ts';
import type { PredictionRecord, PredictionView } from './prediction-record.ts';

/** The columns that `renderPrediction` writes, in its order. */
export const PREDICTION_COLUMNS =
  'prediction_id, predicted_at, project, model, version, alias, alias_move_id, entities, request, outputs, degraded, degraded_reasons, views, on_demand, latency_us, entity_keys, scalars, defaults_used, output, features_us, on_demand_us, model_us';
const COLUMN_COUNT = PREDICTION_COLUMNS.split(', ').length;

const MAX_INT32 = 2_147_483_647;

/** Renders values that rows of one batch share (their request, results that depend only on it) once; create one per batch of records. */
export interface SharedJson {
  readonly request: LastJson;
  readonly onDemand: LastJson;
}

interface LastJson {
  value: unknown;
  json: string;
}

export function sharedJson(): SharedJson {
  return { request: { value: undefined, json: '' }, onDemand: { value: undefined, json: '' } };
}

/** Writes one row of `larder.predictions`. */
export function renderPrediction(
  out: CopyWriter,
  record: PredictionRecord,
  { project, shared }: { readonly project: string; readonly shared: SharedJson },
): void {
  out.row(COLUMN_COUNT);
  out.uuid(record.predictionId);
  writeTimestampMs(out, record.predictedAtMs);
  out.text(project);
  out.text(record.model);
  out.int32(record.version);
  const { alias, aliasMoveId } = record;
  if (alias === null) out.null();
  else out.text(alias);
  if (aliasMoveId === null) out.null();
  else out.safeInt64(aliasMoveId);
  out.jsonb(storableJson(record.entities));
  out.jsonb(onceJson(shared.request, record.request));
  out.jsonb(storableJson(record.outputs));
  out.bool(record.degraded);
  out.textArray(record.degradedReasons);
  out.jsonb(`[${record.views.map(viewJson).join(',')}]`);
  const { onDemand } = record;
  if (onDemand === null) out.null();
  else out.jsonb(onceJson(shared.onDemand, onDemand));
  writeUs(out, record.latencyUs);
  out.textArray(record.entityKeys.map(({ entity, key }) => `${entity}:${key}`));
  out.float32Array(record.scalars);
  out.textArray(record.defaultsUsed);
  out.float64(record.output);
  writeUs(out, record.featuresUs);
  writeUs(out, record.onDemandUs);
  writeUs(out, record.modelUs);
}

function writeUs(out: CopyWriter, us: number): void {
  out.int32(Math.min(Math.round(us), MAX_INT32));
}

function viewJson(view: PredictionView): string {
  return `{"ref":"${view.ref}","status":"${view.status}","event_timestamp_ms":${view.eventTimestampMs},"created_timestamp_ms":${view.createdTimestampMs},"revision":${view.revision}}`;
}

/** Cache by object: records do not change, so the same object has the same text. */
function onceJson(last: LastJson, value: unknown): string {
  if (last.value !== value) {
    last.value = value;
    last.json = storableJson(value);
  }
  return last.json;
}

/** Requests are untrusted: characters that jsonb cannot store are replaced, and the record is kept. */
function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u0000') || json.includes('\\ud')
    ? JSON.stringify(storable(JSON.parse(json)))
    : json;
}

function storable(value: unknown): unknown {
  if (typeof value === 'string') return storableText(value);
  if (Array.isArray(value)) return value.map(storable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [storableText(name), storable(member)]),
  );
}
