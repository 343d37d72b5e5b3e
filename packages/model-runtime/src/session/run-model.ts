/*
 * Budget: 1 µs on top of ONNX Runtime's own 10 µs for one row. Nothing here may look at single features or copy the tensor.
 */
import type { FloatTensor, Session } from './create-session.ts';
import { feedsOf, type Feed } from './feed.ts';
import type { CheckedModel } from '../artifact/checked-model.ts';
import type { ModelSignature } from '../artifact/model-signature.ts';
import type { RunCaller } from '../pool/run-queue.ts';
import { runFailed } from './run-failed.ts';

/** The first `rows` rows of a feed → one float per row for each output field. */
export type RunModel = (
  feed: Feed,
  rows: number,
  /** The caller that waits for the run; ignored inline, where the run blocks the thread. */
  caller?: RunCaller,
) => Promise<Readonly<Record<string, Float32Array>>>;

/**
 * Runs on the caller's thread. Every run has fresh tensors: reusing them gains nothing (9.5 µs
 * either way) and would rule out concurrent runs.
 */
export function runInline(
  { name, signature }: Pick<CheckedModel, 'name' | 'signature'>,
  session: Session,
): RunModel {
  return async (feed, rows) => {
    const feeds = feedsOf(signature.inputs, feed, rows);
    let results: Record<string, FloatTensor>;
    try {
      results = await session.run(feeds, signature.outputTensors);
    } catch (cause) {
      throw runFailed(name, cause instanceof Error ? cause.message : String(cause), cause);
    }
    return outputFields(signature, rows, (tensorName) => (results[tensorName] as FloatTensor).data);
  };
}

/** One float per row for each output field; a tensor with one column is passed on without copying. */
export function outputFields(
  { columns }: ModelSignature,
  rows: number,
  dataOf: (tensor: string) => Float32Array,
): Record<string, Float32Array> {
  const fields: Record<string, Float32Array> = {};
  for (const { field, tensor, column } of columns) {
    const data = dataOf(tensor);
    const stride = data.length / rows;
    fields[field] =
      stride === 1
        ? data
        : Float32Array.from({ length: rows }, (_, row) => data[row * stride + column] as number);
  }
  return fields;
}
