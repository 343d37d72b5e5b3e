/*
 * Budget: 2 µs for a row with three join keys and three request fields of its own, 0.8 µs for one with a single join
 * key whose other values are shared; half of it goes into decoding values and writing the entity key. No schema library
 * and no exception for a valid row. Apart from what decoding allocates, a valid row allocates only what is kept: its
 * request values and its key.
 */
import { jsonPointer, type LarderError } from '@larder/core';
import type { FieldValue } from '@larder/features';
import type { CompiledPlan, InputField } from '../plan/compiled-plan.ts';
import { EntityKeys } from './entity-keys.ts';
import type { InputRow, Inputs, InputsRequest } from './inputs.ts';
import { MemberReader, type Values } from './member-reader.ts';
import { RowProblems } from './row-problems.ts';

/** @throws REQUEST_INVALID when the values that all rows share are wrong */
export function readInputs(plan: CompiledPlan, request: InputsRequest): Inputs {
  const { rows, shared, rowsPointer } = request;
  const groupCount = plan.groups.length;
  const problems = new RowProblems(rowsPointer ?? '', { rows: rowsPointer !== undefined });
  const entities = new MemberReader({
    part: 'entities',
    fields: plan.joinKeys,
    problems,
    shared: shared === undefined ? null : readShared('entities', plan.joinKeys, shared),
  });
  const requestFields = new MemberReader({
    part: 'request',
    fields: plan.requestFields,
    problems,
    shared: shared === undefined ? null : readShared('request', plan.requestFields, shared),
  });
  const groups = plan.groups.map((group) => new EntityKeys(group, problems, { rows: rows.length }));
  const slots = new Int32Array(rows.length * groupCount);
  const requests = new Array<readonly FieldValue[] | null>(rows.length).fill(null);
  const errors = new Array<LarderError | null>(rows.length).fill(null);
  const joinKeys: Values = new Array<FieldValue | undefined>(plan.joinKeys.length);
  let commonRequest: Values | null = null;
  let goodRows = 0;

  for (let r = 0; r < rows.length; r++) {
    const row = rows[r] as InputRow;
    problems.moveTo(r);
    if (rowsPointer !== undefined && !isRow(row, problems)) {
      errors[r] = problems.toError();
      continue;
    }
    entities.read(row.entities, joinKeys);
    let values: Values | null = row.request === undefined ? commonRequest : null;
    if (values === null) {
      values = new Array<FieldValue | undefined>(plan.requestFields.length);
      requestFields.read(row.request, values);
    }
    if (!problems.any) {
      if (row.request === undefined) commonRequest = values;
      requests[r] = values as readonly FieldValue[];
      for (let g = 0; g < groupCount; g++)
        slots[r * groupCount + g] = (groups[g] as EntityKeys).place(joinKeys);
    }
    if (problems.any) errors[r] = problems.toError();
    else goodRows += 1;
  }
  return { keysByGroup: groups.map(({ keys }) => keys), slots, requests, errors, goodRows };
}

function readShared(part: keyof InputRow, fields: readonly InputField[], shared: InputRow): Values {
  const values: Values = new Array<FieldValue | undefined>(fields.length);
  const problems = new RowProblems('/shared', { rows: false });
  if (shared[part] !== undefined)
    new MemberReader({ part, fields, problems, shared: null }).readGiven(shared[part], values);
  if (problems.any) throw problems.toError();
  return values;
}

/** Validates one row of a batch; a value that is not an object does not affect the other rows. */
function isRow(row: unknown, problems: RowProblems): row is InputRow {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) problems.add('', 'must be an object');
  else
    for (const name in row) {
      if (name === 'entities' || name === 'request') continue;
      problems.add(jsonPointer([name]), 'is unknown');
      if (problems.full) break;
    }
  return !problems.any;
}
