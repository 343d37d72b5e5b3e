/** What the HTTP API takes for a value, before `JSON.stringify`, which writes a `Date` as it should be. */
export type JsonInput<Value> = Value extends bigint
  ? number | string
  : Value extends Date
    ? Date | string
    : Value extends Float32Array
      ? readonly number[]
      : Value;

/** The values of an object, each in the form that the HTTP API takes. */
export type JsonInputs<Values> = { readonly [K in keyof Values]: JsonInput<Values[K]> };
