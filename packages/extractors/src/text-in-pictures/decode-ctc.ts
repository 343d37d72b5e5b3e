/** Text that a recognizer read, and its confidence: mean probability of the letters, 0 when there are none. */
export interface ReadText {
  readonly text: string;
  readonly confidence: number;
}

/**
 * Takes the most probable class of each step and drops repeats and blanks (class 0) (A. Graves et al., "Connectionist
 * Temporal Classification", ICML 2006). `probabilities` are [steps × (characters + 1)].
 */
export function decodeCtc(probabilities: Float32Array, characters: readonly string[]): ReadText {
  const classes = characters.length + 1;
  let text = '';
  let letters = 0;
  let sum = 0;
  let previous = 0;
  for (let start = 0; start < probabilities.length; start += classes) {
    let best = 0;
    let highest = -Infinity;
    for (let index = 0; index < classes; index++) {
      const probability = probabilities[start + index] as number;
      if (probability > highest) {
        highest = probability;
        best = index;
      }
    }
    if (best !== 0 && best !== previous) {
      text += characters[best - 1];
      letters++;
      sum += highest;
    }
    previous = best;
  }
  return { text, confidence: letters === 0 ? 0 : sum / letters };
}
