/** Rows of equal length. */
export type Matrix = readonly Float64Array[];

/**
 * The `count` directions of largest variance of standardised rows, each scaled so that its component has variance 1.
 * Orthogonal iteration on the covariance matrix (Golub and Van Loan, Matrix Computations, 7.3.2).
 */
export function principalComponents(rows: Matrix, count: number): Float64Array[] {
  const width = rows[0]?.length ?? 0;
  const covariance = covarianceOf(rows, width);
  let directions: Float64Array[] = Array.from({ length: count }, (_, component) =>
    Float64Array.from({ length: width }, (__, column) =>
      Math.cos((component + 1) * (column + 0.5) * (Math.PI / width)),
    ),
  );
  orthonormalise(directions);
  for (let round = 0; round < 80; round += 1) {
    directions = directions.map((direction) => times(covariance, direction));
    orthonormalise(directions);
  }
  return directions.map((direction) => {
    const variance = dot(direction, times(covariance, direction));
    return direction.map((value) => value / Math.sqrt(Math.max(variance, 1e-9)));
  });
}

export function dot(first: Float64Array, second: Float64Array): number {
  let sum = 0;
  for (let column = 0; column < first.length; column += 1)
    sum += (first[column] ?? 0) * (second[column] ?? 0);
  return sum;
}

function covarianceOf(rows: Matrix, width: number): Float64Array[] {
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of rows) {
    for (let column = 0; column < width; column += 1) {
      const value = (row[column] ?? 0) / rows.length;
      const line = covariance[column];
      if (!line || value === 0) continue;
      for (let other = 0; other < width; other += 1)
        line[other] = (line[other] ?? 0) + value * (row[other] ?? 0);
    }
  }
  return covariance;
}

function times(matrix: Matrix, vector: Float64Array): Float64Array {
  return Float64Array.from(matrix, (line) => dot(line, vector));
}

/** Modified Gram-Schmidt, in place. */
function orthonormalise(directions: readonly Float64Array[]): void {
  directions.forEach((direction, at) => {
    for (const earlier of directions.slice(0, at)) subtract(direction, earlier, dot(direction, earlier));
    const length = Math.sqrt(dot(direction, direction)) || 1;
    for (let column = 0; column < direction.length; column += 1)
      direction[column] = (direction[column] ?? 0) / length;
  });
}

function subtract(from: Float64Array, direction: Float64Array, amount: number): void {
  for (let column = 0; column < from.length; column += 1) {
    from[column] = (from[column] ?? 0) - amount * (direction[column] ?? 0);
  }
}
