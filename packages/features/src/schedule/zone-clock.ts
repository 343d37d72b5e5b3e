const DAY_MS = 86_400_000;

/**
 * What the clocks of a time zone show, as milliseconds since 1970 as if they showed UTC ("wall" below).
 * @throws RangeError the zone is unknown
 */
export interface ZoneClock {
  wallMs(instantMs: number): number;
  /** The first instant at which the clock shows this time or, when the clock skips it, a later one. */
  firstInstantMs(wallMs: number): number;
}

const clocks = new Map<string, ZoneClock>();

export function zoneClock(timeZone: string): ZoneClock {
  let clock = clocks.get(timeZone);
  if (clock === undefined) clocks.set(timeZone, (clock = createZoneClock(timeZone)));
  return clock;
}

function createZoneClock(timeZone: string): ZoneClock {
  if (timeZone === 'UTC') return { wallMs: (ms) => ms, firstInstantMs: (ms) => ms };
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  const wallMs = (instantMs: number): number => {
    const parts = Object.fromEntries(
      format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]),
    );
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    return (
      Date.UTC(year, month - 1, day, hour, minute, second) +
      (instantMs - Math.floor(instantMs / 1_000) * 1_000)
    );
  };
  return {
    wallMs,
    firstInstantMs(wall) {
      const instantBy = (nearMs: number): number => wall - (wallMs(nearMs) - nearMs);
      const byOffsetBefore = instantBy(wall - DAY_MS);
      // The time occurs twice when the clock is set back: the offset before the change gives the first one.
      if (wallMs(byOffsetBefore) === wall) return byOffsetBefore;
      const byOffsetAfter = instantBy(wall + DAY_MS);
      if (wallMs(byOffsetAfter) === wall) return byOffsetAfter;
      // The clock skips the time: use the instant at which it is set forward.
      let [before, after] = [byOffsetAfter, byOffsetBefore];
      while (after - before > 1) {
        const middle = Math.floor((before + after) / 2);
        if (wallMs(middle) < wall) before = middle;
        else after = middle;
      }
      return after;
    },
  };
}
