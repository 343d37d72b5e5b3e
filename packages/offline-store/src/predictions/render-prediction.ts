import type { CopyWriter } from '../copy/copy-writer.ts';
import { writeTimestampMs } from '../history/field-column.ts';
import type { KeyHasher } from '../erasure/key-hash.ts';
import { storableText } from '../storable-text.ts';
import { hashText, hideMembers } from './hide-members.ts';
import type { JsonMembers, LoggedKey, PredictionRecord, PredictionView } from './prediction-record.ts';
import type { SensitiveFields } from './sensitive-fields.ts';

/** The columns that `renderPrediction` writes, in its order. */
export const PREDICTION_COLUMNS =
  'prediction_id, predicted_at, project, model, version, alias, alias_move_id, entities, request, outputs, degraded, degraded_reasons, views, on_demand, latency_us, entity_keys, scalars, defaults_used, output, features_us, on_demand_us, model_us, raw_outputs';
const COLUMN_COUNT = PREDICTION_COLUMNS.split(', ').length;

const MAX_INT32 = 2_147_483_647;

/** Renders values that rows of one batch share (what served them, their request, results that depend only on it) once; create one per buffer. */
export interface SharedValues {
  readonly request: LastJson;
  readonly onDemand: LastJson;
  readonly origin: LastOrigin;
}

/** Project, model, version, alias and its move in the last row, and where their bytes are. */
interface LastOrigin {
  model: string;
  version: number;
  alias: string | null;
  aliasMoveId: number | null;
  start: number;
  end: number;
}

interface LastJson {
  value: unknown;
  json: string;
}

export function sharedValues(): SharedValues {
  return {
    request: { value: undefined, json: '' },
    onDemand: { value: undefined, json: '' },
    origin: { model: '', version: 0, alias: null, aliasMoveId: null, start: 0, end: 0 },
  };
}

export interface RenderContext {
  readonly project: string;
  readonly shared: SharedValues;
  /** Null while no record of the batch has sensitive fields. */
  readonly hasher: KeyHasher | null;
}

/** Writes one row of `larder.predictions`. */
export function renderPrediction(
  out: CopyWriter,
  record: PredictionRecord,
  { project, shared, hasher }: RenderContext,
): void {
  const hiding = record.sensitive === null ? null : { sensitive: record.sensitive, hasher: present(hasher) };
  out.row(COLUMN_COUNT);
  out.uuid(record.predictionId);
  writeTimestampMs(out, record.predictedAtMs);
  writeOrigin(out, record, { project, last: shared.origin });
  const { entities, request, onDemand } = record;
  out.jsonb(
    storableJson(
      hiding === null ? entities : hideMembers(entities, hiding.sensitive.joinKeys, hiding.hasher),
    ),
  );
  out.jsonb(
    onceJson(shared.request, request, () =>
      hiding === null ? request : hideMembers(request, hiding.sensitive.request, hiding.hasher),
    ),
  );
  const { outputs, rawOutputs } = record;
  // An artifact gives numbers, under names of the manifest; a function of the project also gives text.
  out.jsonb(rawOutputs === null ? JSON.stringify(outputs) : storableJson(outputs));
  out.bool(record.degraded);
  out.textArray(record.degradedReasons);
  out.jsonb(viewsJson(record.views));
  if (onDemand === null) out.null();
  else
    out.jsonb(
      onceJson(shared.onDemand, onDemand, () =>
        hiding === null ? onDemand : hideOnDemand(onDemand, hiding),
      ),
    );
  writeUs(out, record.latencyUs);
  out.textArray(record.entityKeys.map((key) => keyText(key, hiding)));
  out.float32Array(record.scalars, hiding?.sensitive.scalars);
  out.textArray(record.defaultsUsed);
  if (record.output === null) out.null();
  else out.float64(record.output);
  writeUs(out, record.featuresUs);
  writeUs(out, record.onDemandUs);
  writeUs(out, record.modelUs);
  if (rawOutputs === null) out.null();
  else out.jsonb(JSON.stringify(rawOutputs));
}

function writeUs(out: CopyWriter, us: number): void {
  out.int32(Math.min(Math.round(us), MAX_INT32));
}

function writeOrigin(
  out: CopyWriter,
  { model, version, alias, aliasMoveId }: PredictionRecord,
  { project, last }: { readonly project: string; readonly last: LastOrigin },
): void {
  if (
    last.end > 0 &&
    last.model === model &&
    last.version === version &&
    last.alias === alias &&
    last.aliasMoveId === aliasMoveId
  ) {
    out.repeat(last.start, last.end);
    return;
  }
  const start = out.length;
  out.text(project);
  out.text(model);
  out.int32(version);
  if (alias === null) out.null();
  else out.text(alias);
  if (aliasMoveId === null) out.null();
  else out.safeInt64(aliasMoveId);
  Object.assign(last, { model, version, alias, aliasMoveId, start, end: out.length });
}

function viewsJson(views: readonly PredictionView[]): string {
  let json = '';
  for (let v = 0; v < views.length; v++) {
    const { ref, status, eventTimestampMs, createdTimestampMs, revision } = views[v] as PredictionView;
    json += `${v === 0 ? '[' : ','}{"ref":"${ref}","status":"${status}","event_timestamp_ms":${eventTimestampMs},"created_timestamp_ms":${createdTimestampMs},"revision":${revision}}`;
  }
  return json === '' ? '[]' : `${json}]`;
}

interface Hiding {
  readonly sensitive: SensitiveFields;
  readonly hasher: KeyHasher;
}

/** `ad:ad-42`, or `ad#<hex>` where the key must not be stored. */
function keyText({ entity, key }: LoggedKey, hiding: Hiding | null): string {
  return hiding?.sensitive.entities.has(entity) === true
    ? `${entity}${hashText(hiding.hasher, entity, key)}`
    : `${entity}:${key}`;
}

function hideOnDemand(results: JsonMembers, { sensitive, hasher }: Hiding): JsonMembers {
  return Object.fromEntries(
    Object.entries(results).map(([view, features]) => {
      const hidden = sensitive.onDemand.get(view);
      return [view, hidden === undefined ? features : hideMembers(features as JsonMembers, hidden, hasher)];
    }),
  );
}

function present(hasher: KeyHasher | null): KeyHasher {
  if (hasher === null) throw new Error('A record with sensitive fields needs the hasher of its project.');
  return hasher;
}

/** Cache by object: records do not change, so the same object has the same text. */
function onceJson(last: LastJson, value: unknown, shown: () => unknown): string {
  if (last.value !== value) {
    last.value = value;
    last.json = storableJson(shown());
  }
  return last.json;
}

/** Requests are untrusted: characters that jsonb cannot store are replaced, and the record is kept. */
function storableJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes('\\u') && (json.includes('\\u0000') || json.includes('\\ud'))
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
