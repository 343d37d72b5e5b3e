import type { Clock, Logger } from '@larder/core';

/** As far as NTP keeps machines together, and a loaded one takes between two lines. */
const APART_MS = 5_000;

/**
 * Warns once when this machine's clock is apart from PostgreSQL's, by which other processes go, and says when it is no
 * longer. `before` and `after` enclose the moment at which PostgreSQL told its time.
 */
export function createClockWatch(clock: Clock, logger: Logger) {
  let apart = false;
  return {
    nowMs: () => clock.nowMs(),
    compare(beforeMs: number, theirsMs: number): void {
      const aheadMs = beforeMs > theirsMs ? beforeMs - theirsMs : Math.min(0, clock.nowMs() - theirsMs);
      if (apart === Math.abs(aheadMs) > APART_MS) return;
      apart = !apart;
      if (!apart) logger.info('The clock of this machine agrees with PostgreSQL again');
      else
        logger.warn(
          { aheadMs: Math.round(aheadMs) },
          `The clock of this machine is ${Math.round(Math.abs(aheadMs) / 1_000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} PostgreSQL's: ` +
            'ages and TTLs are judged wrong here, and of two pushed values for the same time the wrong one may win. Synchronize both machines by NTP',
        );
    },
  };
}
