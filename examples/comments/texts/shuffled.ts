/** Numbers in [0, 1), the same in every run. */
export function randomNumbers(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** The same order in every run. */
export function shuffled<T>(items: readonly T[]): T[] {
  const random = randomNumbers();
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
