import type { CopyWriter } from '../copy/copy-writer.ts';
import { writePlainJson } from '../copy/plain-json.ts';
import { writeTimestampMs } from '../history/field-column.ts';
import type { KeyHasher } from '../erasure/key-hash.ts';
import { storableText } from '../storable-text.ts';
import { hashText, hideMembers } from './hide-members.ts';
import type { JsonMembers, LoggedKey, PredictionRecord } from './prediction-record.ts';
import type { SensitiveFields } from './sensitive-fields.ts';
import { writeViews } from './write-views.ts';

/** The columns that `renderPrediction` writes, in its order. */
export const PREDICTION_COLUMNS =
  'prediction_id, predicted_at, project, model, version, alias, alias_move_id, entities, request, outputs, degraded, degraded_reasons, views, on_demand, latency_us, entity_keys, scalars, defaults_used, output, features_us, on_demand_us, model_us, raw_outputs, precomputed';
const COLUMN_COUNT = PREDICTION_COLUMNS.split(', ').length;

const MAX_INT32 = 2_147_483_647;

/** Renders values that rows of one buffer share (what served them, their request, results that depend only on it) once. */
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

/** The last value, and where its bytes are. */
interface LastJson {
  value: unknown;
  start: number;
  end: number;
}

export function sharedValues(): SharedValues {
  return {
    request: { value: undefined, start: 0, end: 0 },
    onDemand: { value: undefined, start: 0, end: 0 },
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
  const { entities, request, onDemand, rawOutputs } = record;
  writeMembers(
    out,
    hiding === null ? entities : hideMembers(entities, hiding.sensitive.joinKeys, hiding.hasher),
  );
  if (!isRepeated(out, shared.request, request)) {
    writeMembers(
      out,
      hiding === null ? request : hideMembers(request, hiding.sensitive.request, hiding.hasher),
    );
    shared.request.end = out.length;
  }
  writeMembers(out, record.outputs);
  out.bool(record.degraded);
  out.textArray(record.degradedReasons);
  writeViews(out, record.views);
  if (onDemand === null) out.null();
  else if (!isRepeated(out, shared.onDemand, onDemand)) {
    writeMembers(out, hiding === null ? onDemand : hideOnDemand(onDemand, hiding));
    shared.onDemand.end = out.length;
  }
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
  else writeMembers(out, rawOutputs);
  if (record.precomputed === null) out.null();
  else out.text(record.precomputed);
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

/** Records do not change, so the same object has the same text. False: it is another object, whose bytes begin here. */
function isRepeated(out: CopyWriter, last: LastJson, value: unknown): boolean {
  if (last.value === value) {
    out.repeat(last.start, last.end);
    return true;
  }
  last.value = value;
  last.start = out.length;
  return false;
}

function writeMembers(out: CopyWriter, members: JsonMembers): void {
  if (!out.jsonbBy(members, writePlainJson)) out.jsonb(storableJson(members));
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
