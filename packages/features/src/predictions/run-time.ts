const RUN_TIME = Symbol.for('larder.run-time');

/** A request field whose value is the instant for which a prediction is computed ahead. */
export interface RunTime {
  readonly kind: 'run_time';
}

/** The instant for which a prediction is computed ahead: for request fields that are timestamps. */
export function runTime(): RunTime {
  return Object.freeze({ kind: 'run_time' as const, [RUN_TIME]: true });
}

/** Works across two copies of this package. */
export function isRunTime(value: unknown): value is RunTime {
  return typeof value === 'object' && value !== null && RUN_TIME in value;
}
