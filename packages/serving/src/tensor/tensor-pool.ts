import { createTensor, type Tensor } from './fill-tensor.ts';
import type { CompiledPlan } from '../plan/compiled-plan.ts';

/** Tensors kept for later requests: a run holds its tensor until it is done, so one is not enough. */
export interface TensorPool {
  /** Returns a tensor with at least this many rows; its content is undefined. */
  take(rows: number): Tensor;
  /** Hands a tensor back; must not be called while anything may still read it. */
  give(tensor: Tensor): void;
}

const KEPT_TENSORS = 32;
/** Larger ones are left to the garbage collector. */
const KEPT_BYTES = 8 * 1024 * 1024;

export function createTensorPool(plan: CompiledPlan): TensorPool {
  const single: Tensor[] = [];
  let large: Tensor | null = null;
  return {
    take(rows) {
      if (rows === 1) return single.pop() ?? createTensor(plan, 1);
      if (large === null || large.floats.length < rows * plan.width) return createTensor(plan, rows);
      const taken = large;
      large = null;
      return taken;
    },
    give(tensor) {
      if (tensor.floats.length === plan.width) {
        if (single.length < KEPT_TENSORS) single.push(tensor);
      } else if (tensor.bytes.length <= KEPT_BYTES && tensor.bytes.length > (large?.bytes.length ?? 0))
        large = tensor;
    },
  };
}
