import type { SimulatedComment } from './simulated-comments.ts';

/** Logistic regression over the features, counts as log(1 + x). */
export interface RankModel {
  readonly weights: readonly number[];
  readonly bias: number;
}

/** Which features are counts. */
export const COUNTS = [false, true, false, true];
const ROUNDS = 300;
const RATE = 0.5;

export function trainRank(comments: readonly SimulatedComment[]): RankModel {
  let model: RankModel = { weights: [0, 0, 0, 0], bias: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = [0, 0, 0, 0];
    let ofBias = 0;
    for (const { features, liked } of comments) {
      const error = score(model, features) - Number(liked);
      for (const [i, value] of scaled(features).entries()) gradient[i] = (gradient[i] ?? 0) + error * value;
      ofBias += error;
    }
    const step = RATE / comments.length;
    model = {
      weights: model.weights.map((weight, i) => weight - step * (gradient[i] ?? 0)),
      bias: model.bias - step * ofBias,
    };
  }
  return model;
}

export function score({ weights, bias }: RankModel, features: readonly number[]): number {
  const logit = scaled(features).reduce((sum, value, i) => sum + value * (weights[i] ?? 0), bias);
  return 1 / (1 + Math.exp(-logit));
}

function scaled(features: readonly number[]): number[] {
  return features.map((value, i) => (COUNTS[i] === true ? Math.log1p(value) : value));
}

/** How often a liked comment scores above one that is not: the area under the ROC curve. */
export function areaUnderCurve(model: RankModel, comments: readonly SimulatedComment[]): number {
  const scored = comments
    .map(({ features, liked }) => ({ at: score(model, features), liked }))
    .toSorted((a, b) => a.at - b.at);
  const liked = scored.filter((one) => one.liked).length;
  const ranks = scored.reduce((sum, one, i) => sum + (one.liked ? i + 1 : 0), 0);
  return (ranks - (liked * (liked + 1)) / 2) / (liked * (scored.length - liked));
}
