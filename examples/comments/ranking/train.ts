import type { SimulatedComment } from './simulated-comments.ts';

/** Logistic regression over the tone, then log(1 + x) of the counts. */
export interface RankModel {
  readonly weights: readonly number[];
  readonly bias: number;
}

const ROUNDS = 300;
const RATE = 0.5;

export function trainRank(comments: readonly SimulatedComment[]): RankModel {
  let model: RankModel = { weights: [0, 0, 0, 0, 0], bias: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    const gradient = [0, 0, 0, 0, 0];
    let ofBias = 0;
    for (const comment of comments) {
      const error = score(model, comment) - Number(comment.liked);
      for (const [i, value] of scaled(comment).entries()) gradient[i] = (gradient[i] ?? 0) + error * value;
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

export function score({ weights, bias }: RankModel, comment: SimulatedComment): number {
  const logit = scaled(comment).reduce((sum, value, i) => sum + value * (weights[i] ?? 0), bias);
  return 1 / (1 + Math.exp(-logit));
}

function scaled({ tone, counts }: SimulatedComment): number[] {
  return [...tone, ...counts.map(Math.log1p)];
}

/** How often a liked comment scores above one that is not: the area under the ROC curve. */
export function areaUnderCurve(model: RankModel, comments: readonly SimulatedComment[]): number {
  const scored = comments
    .map((comment) => ({ at: score(model, comment), liked: comment.liked }))
    .toSorted((a, b) => a.at - b.at);
  const liked = scored.filter((one) => one.liked).length;
  const ranks = scored.reduce((sum, one, i) => sum + (one.liked ? i + 1 : 0), 0);
  return (ranks - (liked * (liked + 1)) / 2) / (liked * (scored.length - liked));
}
