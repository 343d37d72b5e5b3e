import type { Field, FieldType } from '../definition/field.ts';
import { isField } from '../validate/validate-fields.ts';
import type { Report } from '../validate/report.ts';
import { valueProblem } from '../values/value-problem.ts';
import type { Aggregate, AggregateFunction } from './aggregate.ts';
import type { EventSource } from './event-source.ts';
import { isRange, valuesOf } from './windowed-manifest.ts';

const NUMERIC: ReadonlySet<FieldType> = new Set(['float32', 'float64', 'int64', 'bool']);
const DISCRETE: ReadonlySet<FieldType> = new Set(['int64', 'bool', 'string']);
const ORDERED: ReadonlySet<FieldType> = new Set(['float32', 'float64', 'int64', 'timestamp']);

const READS: Readonly<Record<AggregateFunction, ReadonlySet<FieldType>>> = {
  count: new Set(),
  sum: NUMERIC,
  mean: NUMERIC,
  min: NUMERIC,
  max: NUMERIC,
  last: NUMERIC,
  approximate_distinct: DISCRETE,
};
const LIMITS: ReadonlySet<string> = new Set(['gte', 'gt', 'lte', 'lt']);
const VALUES_MAX = 100;

export function validateAggregate(aggregate: Aggregate, source: EventSource, report: Report): void {
  if (aggregate?.kind !== 'aggregate' || !Object.hasOwn(READS, aggregate.function))
    return report([], "must be an aggregate, such as count() or sum('clicks').");
  if (aggregate.function !== 'count') validateField(aggregate, source, report);
  for (const [name, condition] of Object.entries(aggregate.where)) {
    const field = source.schema?.[name];
    if (!isField(field)) report(['where', name], `event source '${source.name}' has no field '${name}'.`);
    else for (const detail of conditionProblems(field, condition)) report(['where', name], detail);
  }
}

function validateField(aggregate: Aggregate, source: EventSource, report: Report): void {
  const field = source.schema?.[String(aggregate.field)];
  if (!isField(field))
    return report([], `event source '${source.name}' has no field '${String(aggregate.field)}'.`);
  const reads = READS[aggregate.function];
  if (!reads.has(field.type))
    report(
      [],
      `cannot read '${aggregate.field}', which is ${field.type}; ${aggregate.function} reads ${[...reads].join(', ')}.`,
    );
}

function conditionProblems(field: Field, condition: unknown): string[] {
  const range = isRange(condition);
  const values = range ? Object.values(condition) : valuesOf(condition);
  if (values.length === 0) return ['must have at least one value.'];
  if (values.length > VALUES_MAX) return [`has ${values.length} values; at most ${VALUES_MAX}.`];
  if (range && !Object.keys(condition).every((name) => LIMITS.has(name)))
    return ['must be a value, a list of values, or limits: { gte, gt, lte, lt }.'];
  if (range && !ORDERED.has(field.type)) return [`has no limits: it is ${field.type}.`];
  const { type, safeInteger } = field;
  return values.flatMap((value) => {
    const detail = valueProblem({ type, safe: safeInteger === true }, value);
    if (detail !== null) return [`${detail}.`];
    return typeof value === 'number' && !Number.isFinite(value) ? ['must be a finite number.'] : [];
  });
}
