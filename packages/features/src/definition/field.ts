/** Phantom key: a type slot on definitions that does not exist at run time. */
export declare const T: unique symbol;

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

export type FieldType = 'float32' | 'float64' | 'int64' | 'bool' | 'string' | 'timestamp' | 'vector' | 'json';

/**
 * A value in TypeScript: number (float32, float64, safe int64), bigint (int64), boolean, string,
 * Date (timestamp), Float32Array (vector), JsonValue (json). Null: the source had none.
 */
export type FieldValue = bigint | Date | Float32Array | JsonValue;

/** What the prediction log keeps of a sensitive field: a keyed hash of its value, or nothing. */
export type Sensitivity = 'hashed' | 'omitted';

/** A field at run time, as in the manifest. */
export interface FieldSpec {
  readonly type: FieldType;
  /** Number of floats; only for vectors. */
  readonly length?: number;
  /** int64 declared `.safe()`: a TypeScript number; a value beyond 2^53 is refused. `safe` in the manifest. */
  readonly safeInteger?: boolean;
  /** Replaces a missing or null value. */
  readonly defaultValue?: FieldValue;
  /** `sensitive` in the manifest. Absent: the log keeps the value. */
  readonly sensitivity?: Sensitivity;
}

/** `Value` is the type of a present feature, `Missing` that of an absent one: null, or never after `.default()`. */
export interface Field<out Value = unknown, out Missing = unknown> extends FieldSpec {
  readonly [T]: { readonly value: Value; readonly missing: Missing };
  /** The same field, with `value` wherever it is missing or null. */
  default(value: Value): Field<Value, never>;
  /** The same field, whose value the prediction log never keeps: only a keyed hash of it, or nothing. */
  sensitive(how: Sensitivity): this;
}

export interface Int64Field extends Field<bigint, null> {
  /** A `number` in TypeScript and JSON; values beyond 2^53 are refused. */
  safe(): Field<number, null>;
}

export interface VectorField extends Field<Float32Array, null> {
  default(value: Float32Array | readonly number[]): Field<Float32Array, never>;
}

export type Fields = Readonly<Record<string, Field>>;

/** Input values by field, all present. */
export type Given<F extends Fields> = { readonly [K in keyof F]: F[K][typeof T]['value'] };

/** Values that a reader of features gets: null where a feature without a default is missing. */
export type Served<F extends Fields> = {
  readonly [K in keyof F]: F[K][typeof T]['value'] | F[K][typeof T]['missing'];
};

/** Values that a computation returns: null where it has none, with or without a default. */
export type Computed<F extends Fields> = { readonly [K in keyof F]: F[K][typeof T]['value'] | null };

// The slot `[T]` exists for the compiler only; this is the one place where fields claim it.
function field(spec: FieldSpec): Field {
  const made = { ...spec };
  define(made, 'default', (value: FieldValue | readonly number[]) =>
    field({ ...spec, defaultValue: spec.type === 'vector' ? toFloats(value) : value }),
  );
  define(made, 'sensitive', (how: Sensitivity) => field({ ...spec, sensitivity: how }));
  if (spec.type === 'int64') {
    const { sensitivity } = spec;
    const safe: FieldSpec = { type: 'int64', safeInteger: true };
    define(made, 'safe', () => field(sensitivity === undefined ? safe : { ...safe, sensitivity }));
  }
  return Object.freeze(made) as unknown as Field;
}

/** Methods are not enumerable, so that a field prints and compares as its data. */
function define(made: object, name: string, method: unknown): void {
  Object.defineProperty(made, name, { value: method });
}

// Anything but a list of numbers is left unchanged; validation reports it.
function toFloats(value: unknown): FieldValue {
  return Array.isArray(value) ? Float32Array.from(value) : (value as FieldValue);
}

/** The field types of schemas, join keys, request fields and model outputs. */
export const f = {
  float32: () => field({ type: 'float32' }) as Field<number, null>,
  float64: () => field({ type: 'float64' }) as Field<number, null>,
  /** A whole number of 64 bits, a `bigint` in TypeScript; `.safe()` makes it a `number`. */
  int64: () => field({ type: 'int64' }) as Int64Field,
  bool: () => field({ type: 'bool' }) as Field<boolean, null>,
  string: () => field({ type: 'string' }) as Field<string, null>,
  /** An instant, a `Date` in TypeScript, ISO 8601 with offset over JSON. */
  timestamp: () => field({ type: 'timestamp' }) as Field<Date, null>,
  /** `length` float32 numbers, a `Float32Array` in TypeScript. */
  vector: (length: number) => field({ type: 'vector', length }) as VectorField,
  json: <V extends JsonValue = JsonValue>() => field({ type: 'json' }) as Field<V, null>,
};
