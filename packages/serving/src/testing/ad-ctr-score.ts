import { AD_CTR_WEIGHTS, IMPUTED } from './open-fixture.ts';

/** Features that `ad_ctr` reads; null: missing. */
export interface AdCtrInput {
  readonly embedding: readonly number[] | null;
  readonly brightness: number | null;
  readonly ctr: number | null;
  readonly clicks: number | null;
  readonly impressions: number | null;
  readonly age: number | null;
  readonly premium: boolean | null;
  readonly hourUtc: number;
  readonly bid: number;
  readonly placement: string;
}

/** A second, naive implementation of the fixture's definitions: the oracle of every prediction test. */
export function adCtrScore(input: AdCtrInput): number {
  const angle = (2 * Math.PI * input.hourUtc) / 24;
  const { clicks, impressions } = input;
  const columns = [
    ...(input.embedding ?? [null, null, null, null]),
    input.brightness ?? 0.5,
    input.ctr,
    Math.sin(angle),
    Math.cos(angle),
    input.age,
    input.premium === true ? 1 : 0,
    clicks === null || impressions === null ? 0.01 : (clicks + 1) / (impressions + 100),
    input.placement === 'feed' ? 1 : 0,
    Math.cos(angle) * input.bid,
  ];
  const logit = columns.reduce<number>(
    (sum, value, at) => sum + (value ?? IMPUTED) * (AD_CTR_WEIGHTS[at] as number),
    0,
  );
  return 1 / (1 + Math.exp(-logit));
}
