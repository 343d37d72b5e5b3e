import { encodeJsonValue } from '../values/encode-json-value.ts';
import type { Fields, FieldValue } from '../definition/field.ts';
import type { FieldManifest } from '../manifest/manifest.ts';
import { fieldManifest } from '../manifest/field-manifest.ts';
import type { Aggregate, AggregateFunction, Where } from './aggregate.ts';
import type { Windowing } from './windowed-feature-view.ts';

/** What a windowed feature view computes from which events. */
export interface WindowedManifest {
  readonly event_source: string;
  readonly windows: readonly WindowManifest[];
  /** In this order, and within each the windows in theirs, they are the features of the view. */
  readonly aggregates: readonly AggregateManifest[];
}

export interface WindowManifest {
  /** `7d`, as in the names of features. */
  readonly name: string;
  readonly window_ms: number;
  /** The old end moves in steps of this; the window is a multiple of it. */
  readonly hop_ms: number;
}

export interface AggregateManifest {
  readonly name: string;
  readonly function: AggregateFunction;
  /** Null: it counts events. */
  readonly field: string | null;
  /** All of them hold for an event that counts; sorted by field. */
  readonly where: readonly ConditionManifest[];
}

export interface ConditionManifest {
  readonly field: string;
  readonly operator: 'in' | 'gte' | 'gt' | 'lte' | 'lt';
  /** As JSON, as a field's default: one for a limit, any number for `in`. */
  readonly values: readonly unknown[];
}

export function windowedManifest({ eventSource, windows, aggregates }: Windowing): WindowedManifest {
  return {
    event_source: eventSource.name,
    windows: windows.map(({ name, windowMs, hopMs }) => ({ name, window_ms: windowMs, hop_ms: hopMs })),
    aggregates: Object.entries(aggregates).map(([name, aggregate]) =>
      aggregateManifest(name, aggregate, eventSource.schema),
    ),
  };
}

function aggregateManifest(name: string, aggregate: Aggregate, schema: Fields): AggregateManifest {
  return {
    name,
    function: aggregate.function,
    field: aggregate.field,
    where: conditionManifests(aggregate.where, schema),
  };
}

const LIMITS = ['gte', 'gt', 'lte', 'lt'] as const;

function conditionManifests(where: Where, schema: Fields): ConditionManifest[] {
  return Object.entries(where)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, condition]): ConditionManifest[] => {
      const field = schema[name];
      if (field === undefined) throw new Error(`The event source has no field '${name}'.`);
      const spec = fieldManifest(name, field);
      if (!isRange(condition))
        return [
          { field: name, operator: 'in', values: valuesOf(condition).map((value) => asJson(spec, value)) },
        ];
      return LIMITS.flatMap((operator) =>
        condition[operator] === undefined
          ? []
          : [{ field: name, operator, values: [asJson(spec, condition[operator])] }],
      );
    });
}

/** The values of a condition that are no limits. */
export function valuesOf(condition: unknown): readonly unknown[] {
  return Array.isArray(condition) ? condition : [condition];
}

export function isRange(condition: unknown): condition is Readonly<Record<string, unknown>> {
  return (
    typeof condition === 'object' &&
    condition !== null &&
    !Array.isArray(condition) &&
    !(condition instanceof Date)
  );
}

// A stored float32 equals only a number that is rounded as it is.
function asJson(spec: FieldManifest, value: unknown): unknown {
  if (spec.type === 'float32') return Math.fround(value as number);
  return encodeJsonValue(spec, value as FieldValue);
}
