/** How long runs of a model take, learned from those that were measured. */
export interface RunTime {
  measured(rows: number, ms: number): void;
  /** Expected milliseconds of a run of this many rows. */
  expectedMs(rows: number): number;
}

/** Weight of a new measurement. */
const WEIGHT = 0.2;
/** Caps a measurement at twice the mean: the run may have been held up by something else. */
const OUTLIER = 2;

/** A moving mean for each power of two of rows; a size that never ran is expected to take as long as the next smaller one. */
export function createRunTime(oneRowMs: number): RunTime {
  const means: (number | undefined)[] = [oneRowMs];
  const expectedMs = (rows: number): number => {
    let size = sizeOf(rows);
    while (means[size] === undefined) size -= 1;
    return means[size] as number;
  };
  return {
    expectedMs,
    measured(rows, ms) {
      const size = sizeOf(rows);
      const mean = means[size];
      means[size] = mean === undefined ? ms : mean + WEIGHT * (Math.min(ms, OUTLIER * mean) - mean);
    },
  };
}

function sizeOf(rows: number): number {
  return 31 - Math.clz32(rows);
}
