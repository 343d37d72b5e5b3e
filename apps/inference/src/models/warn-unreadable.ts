import type { Logger } from '@larder/core';
import type { StatusTotals } from './status-totals.ts';

export interface WarnUnreadableOptions {
  readonly readings: Pick<StatusTotals, 'list'>;
  readonly logger: Pick<Logger, 'warn'>;
  /** @default 10 seconds */
  readonly intervalMs?: number;
}

/**
 * Rows in the online store that cannot be read are answered as not found. This logs one line per view and interval,
 * from the counts, because the predictions themselves log nothing.
 */
export function warnUnreadable({ readings, logger, intervalMs = 10_000 }: WarnUnreadableOptions): {
  close(): void;
} {
  const known = new Map<string, number>();
  const timer = setInterval(() => {
    for (const { view, status, count } of readings.list()) {
      if (status !== 'UNREADABLE' || count === (known.get(view) ?? 0)) continue;
      logger.warn(
        { view, readings: count - (known.get(view) ?? 0) },
        'Rows were treated as not found: damaged, of a newer format or of another schema; larder inspect ENTITY KEY shows which. Rewrite damaged rows with larder backfill --force; for the others, restart with the code that wrote them',
      );
      known.set(view, count);
    }
  }, intervalMs).unref();
  return { close: () => clearInterval(timer) };
}
