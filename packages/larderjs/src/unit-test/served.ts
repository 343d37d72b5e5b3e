import { LarderError } from '@larder/core';
import { valueProblem, type Field, type Fields } from '@larder/features';

/** The features of a schema as a reader gets them: checked, with defaults for nulls. @throws FEATURE_VALUE_INVALID */
export function served(
  view: string,
  schema: Fields,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(schema).map(([name, field]) => [
      name,
      servedValue(`${view}: ${name}`, field, given[name]),
    ]),
  );
}

function servedValue(name: string, field: Field, given: unknown): unknown {
  if (given === null) return field.defaultValue ?? null;
  const value =
    field.type === 'vector' && Array.isArray(given) ? Float32Array.from(given as number[]) : given;
  const { type, length, safeInteger: safe } = field;
  const spec = { type, ...(length !== undefined && { length }), ...(safe !== undefined && { safe }) };
  const problem = given === undefined ? 'is missing; use null for no value' : valueProblem(spec, value);
  if (problem !== null) throw new LarderError('FEATURE_VALUE_INVALID', `${name} ${problem}.`);
  return value;
}
