/** Pairs of neighbours share so many weights by a hash; a prime. */
export const PAIRS = 32_749;
/** The hash of a pair: (first · FACTOR + second) mod PAIRS. */
export const FACTOR = 7_919;

/** Logistic regression over the words of a text and the pairs of neighbours: 'not good' differs from 'good'. */
export interface Classifier {
  readonly bias: number;
  readonly words: Float32Array;
  readonly pairs: Float32Array;
}

export interface Example {
  readonly ids: readonly number[];
  readonly positive: boolean;
}

/** The probability that the text is positive. */
export function probability({ bias, words, pairs }: Classifier, ids: readonly number[]): number {
  let logit = bias;
  for (const id of ids) logit += words[id] as number;
  for (const pair of pairsOf(ids)) logit += pairs[pair] as number;
  return 1 / (1 + Math.exp(-logit));
}

export interface TrainOptions {
  readonly vocabulary: number;
  readonly rounds: number;
  readonly rate: number;
  /** Pulls weights to zero. */
  readonly decay: number;
}

/** AdaGrad over the examples in their order, round after round. */
export function trainClassifier(
  examples: readonly Example[],
  { vocabulary, rounds, rate, decay }: TrainOptions,
): Classifier {
  let bias = 0;
  const words = new Float32Array(vocabulary);
  const pairs = new Float32Array(PAIRS);
  const squares = [new Float32Array(vocabulary), new Float32Array(PAIRS)] as const;
  const step = (weights: Float32Array, seen: Float32Array, at: number, error: number): void => {
    // The unknown word says nothing.
    if (weights === words && at === 0) return;
    const gradient = error + decay * (weights[at] as number);
    seen[at] = (seen[at] as number) + gradient ** 2;
    weights[at] = (weights[at] as number) - (rate * gradient) / (Math.sqrt(seen[at]) + 1e-6);
  };
  for (let round = 0; round < rounds; round++)
    for (const { ids, positive } of examples) {
      const error = probability({ bias, words, pairs }, ids) - Number(positive);
      bias -= 0.01 * rate * error;
      for (const id of ids) step(words, squares[0], id, error);
      for (const pair of pairsOf(ids)) step(pairs, squares[1], pair, error);
    }
  return { bias, words, pairs };
}

function* pairsOf(ids: readonly number[]): Iterable<number> {
  for (let i = 1; i < ids.length; i++) yield ((ids[i - 1] as number) * FACTOR + (ids[i] as number)) % PAIRS;
}
