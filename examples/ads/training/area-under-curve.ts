/** Area under the ROC curve: how often a click scores above a non-click; ties count half (Mann-Whitney U). */
export function areaUnderCurve(scores: ArrayLike<number>, clicked: ArrayLike<number>): number {
  const order = Array.from({ length: scores.length }, (_, index) => index).toSorted(
    (first, second) => (scores[first] ?? 0) - (scores[second] ?? 0),
  );
  let rankSum = 0;
  let positives = 0;
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && scores[order[end] ?? 0] === scores[order[start] ?? 0]) end += 1;
    const rank = (start + 1 + end) / 2;
    for (const index of order.slice(start, end)) {
      if (!clicked[index]) continue;
      rankSum += rank;
      positives += 1;
    }
    start = end;
  }
  const negatives = order.length - positives;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
