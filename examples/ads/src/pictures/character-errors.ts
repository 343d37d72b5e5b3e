/**
 * Number of letters to insert, delete or change to turn `read` into `lines`, in any order of the lines and without
 * spaces. Starting with the longest line, each is searched for in the rest of the text (P. Sellers 1980) and cut out of
 * it; a missed line costs all its letters, and so does the text left over at the end.
 */
export function characterErrors(read: string, lines: readonly string[]): number {
  let left = letters(read);
  let errors = 0;
  const wanted = lines.map(letters).toSorted((a, b) => b.length - a.length);
  for (const line of wanted) {
    const { start, end, distance } = bestMatch(left, line);
    left = [...left.slice(0, start), ...left.slice(end)];
    errors += distance;
  }
  return errors + left.length;
}

export function letters(text: string): string[] {
  return Array.from(text.replaceAll(/\s/g, ''));
}

interface Match {
  readonly start: number;
  readonly end: number;
  readonly distance: number;
}

/** The part of a text with the least edit distance to a line; the first of several. */
function bestMatch(text: readonly string[], line: readonly string[]): Match {
  // Of matches that end at each letter: distance and start.
  let distances: number[] = Array.from({ length: text.length + 1 }, () => 0);
  let starts: number[] = Array.from({ length: text.length + 1 }, (_, at) => at);
  for (const [row, letter] of line.entries()) {
    const nextDistances = [row + 1];
    const nextStarts = [0];
    for (let at = 1; at <= text.length; at++) {
      const same = (distances[at - 1] as number) + (text[at - 1] === letter ? 0 : 1);
      const missed = (distances[at] as number) + 1;
      const extra = (nextDistances[at - 1] as number) + 1;
      const least = Math.min(same, missed, extra);
      nextDistances.push(least);
      const start = least === same ? starts[at - 1] : least === missed ? starts[at] : nextStarts[at - 1];
      nextStarts.push(start as number);
    }
    distances = nextDistances;
    starts = nextStarts;
  }
  const distance = Math.min(...distances);
  const end = distances.indexOf(distance);
  return { start: starts[end] as number, end, distance };
}
