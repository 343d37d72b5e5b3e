import type { AdDesign } from '../catalogue/ad-design.ts';
import { createRandom, type Random } from '../random.ts';
import { clickProbability, PLACEMENTS, type Impression } from './hidden-truth.ts';

export const DAY_MS = 86_400_000;

/** One day of an ad: how often it was shown and clicked. */
export interface AdDay {
  /** Midnight UTC. */
  readonly day: Date;
  readonly impressions: number;
  readonly clicks: number;
}

/** A random opportunity within a day; more of them in the evening. */
export function drawImpression(day: Date, random: Random): Impression {
  const hour = random.chance(0.3) ? random.between(18, 23) : random.between(0, 24);
  return {
    requestedAt: new Date(day.getTime() + Math.floor(hour * 3_600_000)),
    placement: random.pick(PLACEMENTS),
    bid: Math.round(Math.exp(0.6 * random.normal() + 0.9) * 100) / 100,
  };
}

/** How many days ago an ad started; two in five started today and have no history. */
export function ageInDays(ad: AdDesign): number {
  const random = createRandom(`age/${ad.adId}`);
  return random.chance(0.4) ? 0 : random.int(1, 45);
}

/** One day of an ad's history, according to the hidden truth; always the same for an ad and a day. */
export function simulateDay(ad: AdDesign, day: Date): AdDay {
  const perDay = Math.exp(createRandom(`volume/${ad.adId}`).normal() + 2.3);
  const random = createRandom(`day/${ad.adId}/${day.toISOString()}`);
  const impressions = Math.round(perDay * random.between(0.6, 1.4));
  let clicks = 0;
  for (let shown = 0; shown < impressions; shown += 1) {
    if (random.chance(clickProbability(ad, drawImpression(day, random)))) clicks += 1;
  }
  return { day, impressions, clicks };
}

/** The seven full days before `today` (midnight UTC), or fewer for a younger ad. */
export function simulateWeek(ad: AdDesign, today: Date): AdDay[] {
  const days = Math.min(7, ageInDays(ad));
  return Array.from({ length: days }, (_, index) =>
    simulateDay(ad, new Date(today.getTime() - (days - index) * DAY_MS)),
  );
}
