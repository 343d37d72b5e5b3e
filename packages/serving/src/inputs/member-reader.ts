import { jsonPointer } from '@larder/core';
import { decodeJsonValue, type FieldValue } from '@larder/features';
import type { InputField } from '../plan/compiled-plan.ts';
import type { RowProblems } from './row-problems.ts';

/** Indexed like the fields; undefined where there is no value. */
export type Values = (FieldValue | undefined)[];

export interface MembersOf {
  readonly part: 'entities' | 'request';
  readonly fields: readonly InputField[];
  readonly problems: RowProblems;
  /** Used where a row has no value. */
  readonly shared: Values | null;
}

/** Reads one part of a row, its join keys or its request fields, in the order of the fields. */
export class MemberReader {
  readonly #of: MembersOf;

  constructor(of: MembersOf) {
    this.#of = of;
  }

  /** A value for every field, or problems. */
  read(json: unknown, values: Values): void {
    const { fields, shared } = this.#of;
    for (let i = 0; i < fields.length; i++) values[i] = undefined;
    if (json !== undefined && !this.readGiven(json, values)) return;
    for (let i = 0; i < fields.length; i++) {
      if (values[i] !== undefined) continue;
      if (shared !== null && shared[i] !== undefined) values[i] = shared[i];
      else reportMissing(this.#of, fields[i] as InputField, json);
    }
  }

  /** Reads the members that are present and leaves the others unchanged; false when there is no point in reading more. */
  readGiven(json: unknown, values: Values): boolean {
    const { part, fields, problems } = this.#of;
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      problems.add(`/${part}`, 'must be an object');
      return false;
    }
    const record = json as Readonly<Record<string, unknown>>;
    for (const name in record) {
      if (problems.full) return false;
      const place = placeOf(fields, name);
      if (place < 0) {
        problems.add(`/${part}${jsonPointer([name])}`, unknownText(fields));
        continue;
      }
      const decoded = decodeJsonValue((fields[place] as InputField).field, record[name]);
      if (decoded.ok) values[place] = decoded.value;
      else problems.add(`/${part}/${name}`, decoded.detail);
    }
    return true;
  }
}

/** There are few fields: a scan is faster than a Map. */
function placeOf(fields: readonly InputField[], name: string): number {
  for (let i = 0; i < fields.length; i++) if ((fields[i] as InputField).name === name) return i;
  return -1;
}

function reportMissing({ part, problems }: MembersOf, { name, field }: InputField, json: unknown): void {
  // A member of the wrong type is already reported.
  if (Object.hasOwn(json ?? {}, name)) return;
  const type = field.type === 'vector' ? `vector of ${field.length}` : field.type;
  problems.add(`/${part}/${name}`, `is missing: a ${type}`);
}

function unknownText(fields: readonly InputField[]): string {
  if (fields.length === 0) return 'is unknown: the model needs none';
  return `is unknown: the model needs ${fields.map(({ name }) => name).join(', ')}`;
}
