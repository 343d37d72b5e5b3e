/*
 * What a run gets: one float32 matrix, or a matrix of its own type for each input of the network. Budget: nothing per
 * feature; a matrix that has exactly the rows is passed on without a copy.
 */
import type { InputTensor } from './create-session.ts';

/** Element types of a model's inputs. */
export type TensorType = 'float32' | 'float64' | 'int64' | 'bool' | 'string';

/** The values of one input, row by row; bools are 0 and 1. */
export type TensorData = InputTensor['data'];

/** Rows for the one input of a model, or, in the order of its inputs, for each of them. */
export type Feed = Float32Array | readonly TensorData[];

export interface ModelInput {
  /** As in the file. */
  readonly name: string;
  readonly type: TensorType;
  /** Columns. */
  readonly width: number;
}

/** The first `rows` rows of a feed by the names of the inputs. @throws Error when it has fewer */
export function feedsOf(
  inputs: readonly ModelInput[],
  feed: Feed,
  rows: number,
): Record<string, InputTensor> {
  const feeds: Record<string, InputTensor> = {};
  for (let i = 0; i < inputs.length; i++) {
    const { name, width } = inputs[i] as ModelInput;
    const data = (feed instanceof Float32Array ? feed : feed[i]) as TensorData;
    const size = rows * width;
    if (rows < 1 || data.length < size)
      throw new Error(`a tensor of ${data.length} values cannot hold ${rows} rows of ${width}`);
    feeds[name] = { data: data.length === size ? data : firstOf(data, size), dims: [rows, width] };
  }
  return feeds;
}

/** A copy of the first rows that may be handed to another thread. */
export function copyFeed(inputs: readonly ModelInput[], feed: Feed, rows: number): Feed {
  if (feed instanceof Float32Array) return feed.slice(0, rows * (inputs[0] as ModelInput).width);
  return feed.map((data, i) => data.slice(0, rows * (inputs[i] as ModelInput).width) as TensorData);
}

/** The memory of a feed that is moved to another thread with it. */
export function buffersOf(feed: Feed): ArrayBuffer[] {
  const parts = feed instanceof Float32Array ? [feed] : feed;
  return parts.flatMap((data) => ('buffer' in data ? [data.buffer as ArrayBuffer] : []));
}

/** A feed of one row without values. */
export function emptyFeed(inputs: readonly ModelInput[]): Feed {
  return inputs.map(({ type, width }) => newTensorData(type, width));
}

export function newTensorData(type: TensorType, size: number): TensorData {
  switch (type) {
    case 'float32':
      return new Float32Array(size);
    case 'float64':
      return new Float64Array(size);
    case 'int64':
      return new BigInt64Array(size);
    case 'bool':
      return new Uint8Array(size);
    case 'string':
      return new Array<string>(size).fill('');
  }
}

function firstOf(data: TensorData, size: number): TensorData {
  return 'subarray' in data ? (data.subarray(0, size) as TensorData) : data.slice(0, size);
}
