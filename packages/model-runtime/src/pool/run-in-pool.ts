import type { CheckedModel } from '../artifact/checked-model.ts';
import { assertRows, outputFields, type RunModel } from '../session/run-model.ts';
import type { SessionPool } from './session-pool.ts';

/** Runs on the next free thread of the pool. */
export function runInPool({ signature, width }: CheckedModel, pool: SessionPool): RunModel {
  return async (tensor, rows, caller) => {
    assertRows(tensor, rows, width);
    const results = await pool.run(tensor, rows, caller);
    return outputFields(signature, rows, (name) => results[name] as Float32Array);
  };
}
