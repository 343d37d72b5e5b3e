import type { Field, Fields, FieldType } from '../definition/field.ts';
import { valueProblem } from '../values/value-problem.ts';
import { below, type Report } from './report.ts';
import { validateColumnName } from './validate-names.ts';

const FIELD_TYPES: ReadonlySet<unknown> = new Set<FieldType>([
  'float32',
  'float64',
  'int64',
  'bool',
  'string',
  'timestamp',
  'vector',
  'json',
]);
const VECTOR_MAX_LENGTH = 16_384;
const FIELDS_MAX = 1_000;

export interface FieldRules {
  /** The types allowed here, with what to say about another. */
  readonly types?: { readonly allowed: readonly FieldType[]; readonly otherwise: string };
  /** Set where a default makes no sense: the reason. */
  readonly noDefault?: string;
  readonly mayBeEmpty?: boolean;
  /** Set where the log must keep at least a hash: the reason. */
  readonly notOmitted?: string;
  /** Set where a field cannot be sensitive: the reason. */
  readonly notSensitive?: string;
}

export function validateFields(fields: Fields, rules: FieldRules, report: Report): void {
  if (typeof fields !== 'object' || fields === null)
    return report([], 'must be an object of fields such as { ad_id: f.string() }.');
  const entries = Object.entries(fields);
  if (entries.length === 0 && rules.mayBeEmpty !== true) report([], 'must have at least one field.');
  if (entries.length > FIELDS_MAX)
    report([], `has ${entries.length} fields; at most ${FIELDS_MAX} fit into one row.`);
  for (const [name, field] of entries) {
    const reportField = below(report, name);
    validateColumnName(name, reportField);
    if (isField(field)) validateField(field, rules, reportField);
    else reportField([], 'is not a field; use f.float32(), f.string() and the like.');
  }
}

export function isField(value: unknown): value is Field {
  return typeof value === 'object' && value !== null && FIELD_TYPES.has((value as Field).type);
}

function validateField(field: Field, rules: FieldRules, report: Report): void {
  const { types, noDefault } = rules;
  if (types !== undefined && !types.allowed.includes(field.type))
    report([], `cannot be ${field.type}: ${types.otherwise}`);
  if (field.type === 'vector' && !isLength(field.length)) {
    return report(
      [],
      `f.vector(${field.length}) must have a whole number of floats from 1 to ${VECTOR_MAX_LENGTH}.`,
    );
  }
  validateSensitivity(field, rules, report);
  if (field.defaultValue === undefined) return;
  if (noDefault !== undefined) return report([], `cannot have a default: ${noDefault}`);
  const detail = defaultProblem(field);
  if (detail !== null) report(['default'], `the default ${detail}.`);
}

function validateSensitivity({ sensitivity }: Field, rules: FieldRules, report: Report): void {
  if (sensitivity === undefined) return;
  if (sensitivity !== 'hashed' && sensitivity !== 'omitted')
    return report([], ".sensitive() takes 'hashed' or 'omitted'.");
  if (rules.notSensitive !== undefined) return report([], `cannot be sensitive: ${rules.notSensitive}`);
  if (sensitivity === 'omitted' && rules.notOmitted !== undefined)
    report([], `cannot be sensitive('omitted'): ${rules.notOmitted}`);
}

// A default is also in the manifest, and JSON cannot express NaN and infinities.
function defaultProblem(field: Field): string | null {
  const { type, length, safeInteger, defaultValue } = field;
  const detail = valueProblem(
    { type, ...(length === undefined ? {} : { length }), safe: safeInteger === true },
    defaultValue,
  );
  if (detail !== null) return detail;
  const numbers =
    defaultValue instanceof Float32Array
      ? [...defaultValue]
      : typeof defaultValue === 'number'
        ? [defaultValue]
        : [];
  const finite = numbers.every((number) =>
    Number.isFinite(type === 'float32' ? Math.fround(number) : number),
  );
  return finite ? null : 'must be finite; leave the default out for a missing value';
}

function isLength(length: number | undefined): boolean {
  return Number.isInteger(length) && length !== undefined && length >= 1 && length <= VECTOR_MAX_LENGTH;
}
