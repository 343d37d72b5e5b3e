import { isLarderError, type ErrorCode, type ErrorDetail } from '@larder/core';
import { entityKey, parseEntityKey, type Manifest } from '@larder/features';
import type { OfflineStore } from '../offline-store.ts';
import type { Label, LabelTarget, LabelValue } from './label.ts';
import { namesWithNumbers } from './names-with-numbers.ts';
import { storeLabels } from './store-labels.ts';

/** One label as its caller wrote it, of the right types. */
export interface GivenLabel {
  readonly name: string;
  readonly event_id: string;
  readonly source?: string | undefined;
  readonly prediction_id?: string | undefined;
  readonly entity?: string | undefined;
  readonly key?: string | undefined;
  readonly event_timestamp: string;
  readonly value: LabelValue | null;
  readonly corrects?: string | undefined;
  readonly weight?: number | undefined;
}

export interface UnreadableLabel {
  readonly errors: readonly ErrorDetail[];
}

export interface RefusedLabel {
  readonly index: number;
  readonly code: ErrorCode;
  readonly errors: readonly ErrorDetail[];
}

export interface TakenLabels {
  readonly stored: number;
  /** On record already, with the same content. */
  readonly known: number;
  readonly refused: readonly RefusedLabel[];
}

export interface TakeLabels {
  readonly manifest: Pick<Manifest, 'project' | 'entities'>;
  readonly nowMs: number;
  /** Of a label, in the caller's input: `/labels/7`. */
  pointer(index: number): string;
}

const DEFAULT_SOURCE = 'default';
const MAX_AHEAD_MS = 5 * 60_000;

/** Stores the labels that can be used, in one transaction, and says what is wrong with each of the others. */
export async function takeLabels(
  store: Pick<OfflineStore, 'db' | 'transaction'>,
  given: readonly (GivenLabel | UnreadableLabel)[],
  options: TakeLabels,
): Promise<TakenLabels> {
  const readable: { index: number; label: Label }[] = [];
  const refused: RefusedLabel[] = [];
  for (const [index, each] of given.entries()) {
    const checked = 'errors' in each ? { code: 'REQUEST_INVALID' as const, ...each } : check(each, options);
    if ('errors' in checked) refused.push(at(checked, { index, options }));
    else readable.push({ index, label: checked });
  }
  const { project } = options.manifest;
  const numeric = await namesWithNumbers(
    store,
    project,
    readable.map(({ label }) => label),
  );
  // One text among numbers would make the label useless for every model that reads it.
  const [usable, texts] = partition(readable, ({ label }) => !(isText(label) && numeric.has(label.name)));
  for (const { index, label } of texts) refused.push(at(textAmongNumbers(label), { index, options }));
  const labels = usable.map(({ label }) => label);
  const outcomes = await storeLabels(store, project, labels);
  for (const [i, { index }] of usable.entries())
    if (outcomes[i] === 'conflict') refused.push(at(CONFLICT, { index, options }));
    else if (outcomes[i] === 'erased') refused.push(at(ERASED, { index, options }));
  return {
    stored: outcomes.filter((outcome) => outcome === 'stored').length,
    known: outcomes.filter((outcome) => outcome === 'known').length,
    refused: refused.toSorted((a, b) => a.index - b.index),
  };
}

type Problem = Pick<RefusedLabel, 'code' | 'errors'>;

const CONFLICT: Problem = {
  code: 'LABEL_CONFLICT',
  errors: [
    {
      pointer: '/event_id',
      detail:
        "is on record with another content; to change it, send a new event id with this one as 'corrects'",
    },
  ],
};

function textAmongNumbers({ name, value }: Label): Problem {
  const detail = `must be a number, true or false, as the other values of the label ${name}; it is the text ${JSON.stringify(value)}`;
  return { code: 'REQUEST_INVALID', errors: [{ pointer: '/value', detail }] };
}

function isText({ value }: Label): boolean {
  return typeof value === 'string';
}

function partition<T>(items: readonly T[], keep: (item: T) => boolean): [T[], T[]] {
  const { true: kept = [], false: others = [] } = Object.groupBy(items, (item) => `${keep(item)}` as const);
  return [kept, others];
}

const ERASED: Problem = {
  code: 'ENTITY_ERASED',
  errors: [{ pointer: '/key', detail: 'is of an entity that was erased' }],
};

/** Pointers of problems found here are within the label; those of an unreadable one are complete. */
function at(
  { code, errors }: Problem,
  { index, options }: { index: number; options: TakeLabels },
): RefusedLabel {
  const prefix = options.pointer(index);
  return {
    index,
    code,
    errors: errors.map(({ pointer, detail }) => ({
      pointer: pointer.startsWith(prefix) ? pointer : prefix + pointer,
      detail,
    })),
  };
}

function check(given: GivenLabel, { manifest, nowMs }: TakeLabels): Label | Problem {
  const eventMs = Date.parse(given.event_timestamp);
  if (eventMs > nowMs + MAX_AHEAD_MS)
    return {
      code: 'EVENT_TIMESTAMP_IN_FUTURE',
      errors: [{ pointer: '/event_timestamp', detail: 'is more than 5 minutes ahead' }],
    };
  if (!(eventMs > 0))
    return {
      code: 'REQUEST_INVALID',
      errors: [{ pointer: '/event_timestamp', detail: 'must be after 1970' }],
    };
  const target = targetOf(given, manifest);
  if ('errors' in target) return target;
  return {
    name: given.name,
    source: given.source ?? DEFAULT_SOURCE,
    eventId: given.event_id,
    target,
    eventTimestamp: inUtc(given.event_timestamp),
    value: given.value,
    corrects: given.corrects ?? null,
    weight: given.weight ?? 1,
  };
}

/** Microseconds are kept. PostgreSQL takes offsets of less than 16 hours alone. */
function inUtc(instant: string): string {
  const [, fraction = '0'] = /\.(\d{1,9})/.exec(instant) ?? [];
  return new Date(instant).toISOString().replace(/\d+Z$/, `${fraction}Z`);
}

function targetOf(given: GivenLabel, manifest: Pick<Manifest, 'entities'>): LabelTarget | Problem {
  if (given.prediction_id !== undefined) return { predictionId: given.prediction_id };
  const { entity: name = '', key = '' } = given;
  const entity = Object.hasOwn(manifest.entities, name) ? manifest.entities[name] : undefined;
  if (entity === undefined) {
    const names = Object.keys(manifest.entities).join(', ');
    return { code: 'REQUEST_INVALID', errors: [{ pointer: '/entity', detail: `must be one of ${names}` }] };
  }
  try {
    const sensitive = entity.join_keys.some((field) => field.sensitive !== undefined);
    return { entity: name, entityKey: entityKey(entity, parseEntityKey(entity, key)), sensitive };
  } catch (error) {
    if (!isLarderError(error) || error.code !== 'ENTITY_KEY_INVALID') throw error;
    return { code: error.code, errors: [{ pointer: '/key', detail: error.message }] };
  }
}
