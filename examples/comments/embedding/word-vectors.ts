import { randomNumbers } from '../texts/shuffled.ts';
import { encode } from './encode.ts';

export interface VectorOptions {
  /** Words, with the unknown one at 0. */
  readonly vocabulary: number;
  readonly dimensions: number;
  /** Words that are at most so far apart count as neighbours. */
  readonly window: number;
  /** Times that the subspace is turned towards the largest singular values. */
  readonly rounds: number;
}

/**
 * A vector for each word, [vocabulary, dimensions]: the singular vectors of the positive pointwise mutual information of
 * neighbours (Levy & Goldberg 2014), a rare word with more weight than a frequent one (Arora et al. 2017), so that the
 * mean over the words of a text says what it is about. The unknown word has zeros.
 */
export function wordVectors(texts: readonly (readonly number[])[], options: VectorOptions): Float32Array {
  const { vocabulary, dimensions, rounds } = options;
  const counts = new Float64Array(vocabulary);
  let total = 0;
  for (const ids of texts)
    for (const id of ids) {
      counts[id] = (counts[id] as number) + 1;
      total += 1;
    }
  const associations = associationsOf(texts, options);
  // Subspace iteration: the matrix is symmetric.
  let basis = orthonormal(randomMatrix(vocabulary, dimensions), dimensions);
  for (let round = 0; round < rounds; round++)
    basis = orthonormal(multiply(associations, basis, dimensions), dimensions);
  const image = multiply(associations, basis, dimensions);
  const vectors = new Float32Array(vocabulary * dimensions);
  for (let column = 0; column < dimensions; column++) {
    let size = 0;
    for (let row = 0; row < vocabulary; row++) size += (image[row * dimensions + column] as number) ** 2;
    const scale = Math.sqrt(Math.sqrt(size));
    for (let row = 1; row < vocabulary; row++) {
      const weight = 1e-3 / (1e-3 + (counts[row] as number) / total);
      const at = row * dimensions + column;
      vectors[at] = weight * scale * (basis[at] as number);
    }
  }
  return vectors;
}

/** Without the direction that all texts have in common: it tells no text from another. */
export function withoutCommon(
  vectors: Float32Array,
  dimensions: number,
  texts: readonly (readonly number[])[],
): Float32Array {
  const mean = new Float64Array(dimensions);
  for (const ids of texts)
    for (const [i, value] of encode(vectors, dimensions, ids).entries())
      mean[i] = (mean[i] as number) + value;
  const size = Math.hypot(...mean);
  const common = mean.map((value) => value / size);
  const rest = vectors.slice();
  for (let at = 0; at < rest.length; at += dimensions) {
    const share = common.reduce((sum, value, i) => sum + value * (vectors[at + i] as number), 0);
    for (let i = 0; i < dimensions; i++)
      rest[at + i] = (vectors[at + i] as number) - share * (common[i] as number);
  }
  return rest;
}

/** A sparse symmetric matrix: values by row and column. */
interface Associations {
  readonly rows: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
}

function associationsOf(
  texts: readonly (readonly number[])[],
  { vocabulary, window }: VectorOptions,
): Associations {
  const pairs = new Map<number, number>();
  const sums = new Float64Array(vocabulary);
  let total = 0;
  const add = (one: number, other: number): void => {
    pairs.set(one * vocabulary + other, (pairs.get(one * vocabulary + other) ?? 0) + 1);
    sums[one] = (sums[one] as number) + 1;
    total += 1;
  };
  for (const ids of texts)
    for (let i = 0; i < ids.length; i++)
      for (let j = i + 1; j < Math.min(ids.length, i + 1 + window); j++) {
        const [one, other] = [ids[i] as number, ids[j] as number];
        if (one === 0 || other === 0) continue;
        add(one, other);
        add(other, one);
      }
  const entries = [...pairs]
    .map(([pair, count]) => {
      const [row, column] = [Math.floor(pair / vocabulary), pair % vocabulary];
      const information = Math.log((count * total) / ((sums[row] as number) * (sums[column] as number)));
      return { row, column, information };
    })
    .filter(({ information }) => information > 0);
  return {
    rows: Int32Array.from(entries, ({ row }) => row),
    columns: Int32Array.from(entries, ({ column }) => column),
    values: Float64Array.from(entries, ({ information }) => information),
  };
}

function multiply(
  { rows, columns, values }: Associations,
  matrix: Float64Array,
  width: number,
): Float64Array {
  const product = new Float64Array(matrix.length);
  for (let entry = 0; entry < values.length; entry++) {
    const [to, from] = [(rows[entry] as number) * width, (columns[entry] as number) * width];
    const value = values[entry] as number;
    for (let i = 0; i < width; i++)
      product[to + i] = (product[to + i] as number) + value * (matrix[from + i] as number);
  }
  return product;
}

/** The columns of a matrix by modified Gram–Schmidt. */
function orthonormal(matrix: Float64Array, width: number): Float64Array {
  const rows = matrix.length / width;
  const dot = (one: number, other: number): number => {
    let sum = 0;
    for (let row = 0; row < rows; row++)
      sum += (matrix[row * width + one] as number) * (matrix[row * width + other] as number);
    return sum;
  };
  for (let column = 0; column < width; column++) {
    for (let before = 0; before < column; before++) {
      const share = dot(column, before);
      for (let at = 0; at < matrix.length; at += width)
        matrix[at + column] = (matrix[at + column] as number) - share * (matrix[at + before] as number);
    }
    const size = Math.sqrt(dot(column, column));
    for (let at = column; at < matrix.length; at += width) matrix[at] = (matrix[at] as number) / size;
  }
  return matrix;
}

function randomMatrix(rows: number, width: number): Float64Array {
  const random = randomNumbers();
  return Float64Array.from({ length: rows * width }, () => random() - 0.5);
}
