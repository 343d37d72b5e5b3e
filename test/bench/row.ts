/** One row of `npm run bench`: a line of the table, and of `--json`. */
export interface BenchRow {
  readonly name: string;
  /** Measured value, in `unit`. */
  readonly value: number;
  readonly unit: string;
  /** The same quantity of the floor, or null where the target is absolute. */
  readonly floor: number | null;
  /** Median of the rounds' ratios value/floor, or null where there is no floor. */
  readonly ratio: number | null;
  /** `≥ 0.8 × its requests/s` */
  readonly target: string;
  /** Null: this machine cannot judge it; `note` says why. */
  readonly ok: boolean | null;
  readonly note?: string;
}

/** One benchmark: a file in this folder, run in a separate process. One row per target. */
export interface Bench {
  readonly name: string;
  readonly what: string;
  run(progress: (message: string) => void, options?: BenchOptions): Promise<BenchRow[]>;
}

export interface BenchOptions {
  /** `--rows`: a smaller load for a quick look; targets are judged at the full one. */
  readonly rows?: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] as number;
}

/**
 * Measures both in turn, swapping the order from round to round, so that a slowdown of the machine affects both; a
 * warm-up round is not counted. @returns one value per round each.
 */
export async function interleaved(
  rounds: number,
  measured: () => Promise<number>,
  floor: () => Promise<number>,
): Promise<{ values: number[]; floors: number[]; ratios: number[] }> {
  const values: number[] = [];
  const floors: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const swap = round % 2 !== 0;
    const first = swap ? await floor() : await measured();
    const second = swap ? await measured() : await floor();
    if (round < 0) continue;
    values.push(swap ? second : first);
    floors.push(swap ? first : second);
  }
  return { values, floors, ratios: values.map((value, index) => value / (floors[index] as number)) };
}
