import type { FieldValue } from '../definition/field.ts';
import type { FieldManifest } from '../manifest/manifest.ts';
import { decodeJsonValue } from '../values/decode-json-value.ts';
import type { ConditionManifest } from './windowed-manifest.ts';

/** Fields of an event by name; an absent one is null. */
export type EventValues = Readonly<Record<string, FieldValue | null | undefined>>;

type Comparable = number | bigint | string | boolean;

/** Whether an event fits every condition; a null fits none. */
export function compileFilter(
  where: readonly ConditionManifest[],
  schema: readonly FieldManifest[],
): (values: EventValues) => boolean {
  const conditions = where.map((condition) => ({
    field: condition.field,
    fits: compileCondition(condition, schema),
  }));
  return (values) =>
    conditions.every(({ field, fits }) => {
      const value = values[field] ?? null;
      return value !== null && fits(comparable(value));
    });
}

function compileCondition(
  { field: name, operator, values }: ConditionManifest,
  schema: readonly FieldManifest[],
): (value: Comparable) => boolean {
  const field = schema.find((each) => each.name === name);
  if (field === undefined) throw new Error(`The event source has no field ${name}.`);
  const wanted = values.map((json) => {
    const decoded = decodeJsonValue(field, json);
    if (!decoded.ok) throw new Error(`A condition on ${name} ${decoded.detail}.`);
    return comparable(decoded.value);
  });
  if (operator === 'in') {
    const set = new Set(wanted);
    return (value) => set.has(value);
  }
  const limit = wanted[0] as Comparable;
  switch (operator) {
    case 'gte':
      return (value) => value >= limit;
    case 'gt':
      return (value) => value > limit;
    case 'lte':
      return (value) => value <= limit;
    case 'lt':
      return (value) => value < limit;
  }
}

function comparable(value: FieldValue): Comparable {
  return value instanceof Date ? value.getTime() : (value as Comparable);
}
