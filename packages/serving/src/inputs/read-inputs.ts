/*
 * Budget: about 1 µs for a row of three fields. No schema library and no exception for a good row; pointers are put
 * together only for a bad one.
 */
import { jsonPointer, LarderError, MAX_PROBLEMS, requestInvalid, type ErrorDetail } from '@larder/core';
import { decodeJsonValue, type FieldValue } from '@larder/features';
import { entityKey } from '@larder/online-store';
import type { InputField, CompiledPlan, PlanGroup } from '../plan/compiled-plan.ts';

/** One row as it came: JSON that nobody has looked at yet. */
export interface InputRow {
  readonly entities?: unknown;
  readonly request?: unknown;
}

/** The rows of a request, checked: what to read, and which rows there is nothing to read for. */
export interface Inputs {
  /** Distinct entity keys per group of the plan. */
  readonly keysByGroup: string[][];
  /** Per row and group the place in `keysByGroup`; row-major. */
  readonly slots: Int32Array;
  /** Per row the values of the plan's request fields; rows without own members share one array. */
  readonly requests: (readonly FieldValue[] | null)[];
  /** Why a row cannot be answered; null for a good one. */
  readonly errors: (LarderError | null)[];
  readonly goodRows: number;
}

export interface InputsRequest {
  readonly rows: readonly unknown[];
  /** Merged under every row; a row's own member wins. */
  readonly shared?: InputRow | undefined;
  /** JSON pointer of `rows`: rows are `/rows/3`; without it the one row is the body itself. */
  readonly rowsPointer?: string | undefined;
}

type Values = (FieldValue | undefined)[];

/** @throws REQUEST_INVALID when what all rows share is wrong */
export function readInputs(plan: CompiledPlan, request: InputsRequest): Inputs {
  const { rows, shared, rowsPointer } = request;
  const groupCount = plan.groups.length;
  const sharedKeys =
    shared === undefined ? undefined : readShared(plan.joinKeys, shared.entities, '/shared/entities');
  const sharedRequest =
    shared === undefined ? undefined : readShared(plan.requestFields, shared.request, '/shared/request');
  const inputs = {
    keysByGroup: plan.groups.map((): string[] => []),
    slots: new Int32Array(rows.length * groupCount),
    requests: new Array<readonly FieldValue[] | null>(rows.length).fill(null),
    errors: new Array<LarderError | null>(rows.length).fill(null),
    goodRows: 0,
  };
  const places = rows.length === 1 ? undefined : plan.groups.map(() => new Map<string, number>());
  let commonRequest: readonly FieldValue[] | undefined;

  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as InputRow;
    const problems: ErrorDetail[] = [];
    const pointer = rowsPointer === undefined ? '' : `${rowsPointer}/${r}`;
    if (rowsPointer !== undefined && !isRow(row, pointer, problems)) {
      inputs.errors[r] = requestInvalid(problems);
      continue;
    }
    const keys = readMembers(
      { fields: plan.joinKeys, json: row.entities, under: sharedKeys, pointer, part: 'entities' },
      problems,
    );
    const ownRequest = row.request !== undefined;
    const values =
      ownRequest || commonRequest === undefined
        ? readMembers(
            { fields: plan.requestFields, json: row.request, under: sharedRequest, pointer, part: 'request' },
            problems,
          )
        : commonRequest;
    if (problems.length === 0) {
      if (!ownRequest) commonRequest = values as readonly FieldValue[];
      inputs.requests[r] = values as readonly FieldValue[];
      for (let g = 0; g < groupCount; g++) {
        const key = groupKey(plan.groups[g] as PlanGroup, keys, `${pointer}/entities`, problems);
        if (key !== null)
          inputs.slots[r * groupCount + g] = placeKey(inputs.keysByGroup[g] as string[], places?.[g], key);
      }
    }
    if (problems.length === 0) inputs.goodRows += 1;
    else inputs.errors[r] = requestInvalid(problems);
  }
  return inputs;
}

/** A row of a batch is looked at here: one that is none spoils no other. */
function isRow(row: unknown, pointer: string, problems: ErrorDetail[]): row is InputRow {
  if (typeof row !== 'object' || row === null || Array.isArray(row))
    problems.push({ pointer, detail: 'must be an object' });
  else
    for (const name in row) {
      if (name === 'entities' || name === 'request') continue;
      problems.push({ pointer: pointer + jsonPointer([name]), detail: 'is unknown' });
      if (problems.length === MAX_PROBLEMS) break;
    }
  return problems.length === 0;
}

interface Members {
  readonly fields: readonly InputField[];
  readonly json: unknown;
  /** Values that stand where the row has none. */
  readonly under: Values | undefined;
  readonly pointer: string;
  readonly part: 'entities' | 'request';
}

function readMembers(members: Members, problems: ErrorDetail[]): Values {
  const { fields, json, under, pointer, part } = members;
  const values: Values = new Array<FieldValue | undefined>(fields.length);
  if (json !== undefined && !readObject({ fields, json, values }, `${pointer}/${part}`, problems))
    return values;
  for (let i = 0; i < fields.length; i++) {
    if (values[i] !== undefined) continue;
    const field = fields[i] as InputField;
    const value = under?.[i];
    if (value !== undefined) values[i] = value;
    else if (!Object.hasOwn(json ?? {}, field.name))
      problems.push({
        pointer: `${pointer}/${part}/${field.name}`,
        detail: `is missing: a ${typeText(field)}`,
      });
  }
  return values;
}

function readShared(fields: readonly InputField[], json: unknown, pointer: string): Values {
  const values: Values = new Array<FieldValue | undefined>(fields.length);
  const problems: ErrorDetail[] = [];
  if (json !== undefined) readObject({ fields, json, values }, pointer, problems);
  if (problems.length > 0) throw requestInvalid(problems);
  return values;
}

/** Reads every member into its field's place; false when it is no object at all. */
function readObject(
  into: { readonly fields: readonly InputField[]; readonly json: unknown; readonly values: Values },
  pointer: string,
  problems: ErrorDetail[],
): boolean {
  const { fields, json, values } = into;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    problems.push({ pointer, detail: 'must be an object' });
    return false;
  }
  const record = json as Readonly<Record<string, unknown>>;
  for (const name in record) {
    if (problems.length >= MAX_PROBLEMS) return false;
    const place = placeOf(fields, name);
    if (place < 0) {
      problems.push({ pointer: pointer + jsonPointer([name]), detail: unknownText(fields) });
      continue;
    }
    const field = fields[place] as InputField;
    const decoded = decodeJsonValue(field.field, record[name]);
    if (decoded.ok) values[place] = decoded.value;
    else problems.push({ pointer: `${pointer}/${name}`, detail: decoded.detail });
  }
  return true;
}

/** Fields are few: a scan beats a Map. */
function placeOf(fields: readonly InputField[], name: string): number {
  for (let i = 0; i < fields.length; i++) if ((fields[i] as InputField).name === name) return i;
  return -1;
}

function groupKey(group: PlanGroup, keys: Values, pointer: string, problems: ErrorDetail[]): string | null {
  const values: Record<string, FieldValue | undefined> = {};
  const { join_keys: joinKeys } = group.entity;
  for (let i = 0; i < joinKeys.length; i++)
    values[(joinKeys[i] as { name: string }).name] = keys[group.joinKeys[i] as number];
  try {
    return entityKey(group.entity, values);
  } catch (error) {
    if (!(error instanceof LarderError)) throw error;
    problems.push({ pointer, detail: error.message.replace(/\.$/, '') });
    return null;
  }
}

function placeKey(keys: string[], places: Map<string, number> | undefined, key: string): number {
  const known = places?.get(key);
  if (known !== undefined) return known;
  const place = keys.push(key) - 1;
  places?.set(key, place);
  return place;
}

function typeText(field: InputField): string {
  const { type, length } = field.field;
  return type === 'vector' ? `vector of ${length}` : type;
}

function unknownText(fields: readonly InputField[]): string {
  if (fields.length === 0) return 'is unknown: the model needs none';
  return `is unknown: the model needs ${fields.map(({ name }) => name).join(', ')}`;
}
