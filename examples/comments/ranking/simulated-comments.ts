/** A comment as its readers saw it, and whether they voted for it. */
export interface SimulatedComment {
  /** sentiment, sentiment_7d of the author, mood of the website */
  readonly tone: readonly [number, number, number];
  /** comments_7d, votes_7d */
  readonly counts: readonly [number, number];
  readonly liked: boolean;
}

/**
 * Readers like kind comments by authors whose other comments were voted for, most of all on a sad day; they tire of
 * authors who write a lot. The same comments for the same seed.
 */
export function simulateComments(rows: number, seed: number): SimulatedComment[] {
  const random = randomNumbers(seed);
  return Array.from({ length: rows }, () => {
    const kindness = 2 * random() - 1;
    const comments = Math.floor(40 * random() ** 3);
    const clamp = (value: number): number => Math.max(-1, Math.min(1, value));
    const sentiment = clamp(kindness + random() - 0.5);
    const usual = comments === 0 ? 0 : clamp(kindness + (random() - 0.5) / 2);
    const votes = Math.floor(comments * (1 + kindness) * 2 * random());
    const mood = random() - 0.5;
    const logit =
      -0.7 +
      1.6 * sentiment -
      1.2 * mood +
      0.7 * usual +
      0.6 * Math.log1p(votes) -
      0.5 * Math.log1p(comments);
    const liked = random() < 1 / (1 + Math.exp(-logit));
    return { tone: [sentiment, usual, mood], counts: [comments, votes], liked };
  });
}

function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}
