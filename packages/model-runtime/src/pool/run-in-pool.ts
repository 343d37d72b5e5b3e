import type { CheckedModel } from '../artifact/checked-model.ts';
import { outputFields, type RunModel } from '../session/run-model.ts';
import type { SessionPool } from './session-pool.ts';

/** Runs on the next free thread of the pool. */
export function runInPool({ signature }: CheckedModel, pool: SessionPool): RunModel {
  return async (feed, rows, caller) => {
    const results = await pool.run(feed, rows, caller);
    return outputFields(signature, rows, (name) => results[name] as Float32Array);
  };
}
