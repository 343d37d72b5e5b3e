import { formatDurationMs } from '@larder/core';
import { readViews, type FeatureViewManifest, type Manifest } from '@larder/features';
import type { PlanLines } from './plan.ts';

/**
 * Refuses a view whose history ends before the prediction log that points into it: parity, replay and explanation of a
 * logged prediction need the row that it read, which may be older than the prediction by the TTL.
 */
export function compareLogRetention(
  lines: PlanLines,
  next: Manifest,
  predictionLogMs: number | 'forever' | undefined,
): void {
  if (predictionLogMs === undefined) return;
  const read = readViews(next);
  for (const [ref, view] of Object.entries(next.feature_views)) {
    const { retention_ms: keptMs, ttl_ms: ttlMs } = view;
    if (keptMs === undefined || !read.has(ref)) continue;
    if (predictionLogMs !== 'forever' && ttlMs !== 'forever' && keptMs >= predictionLogMs + ttlMs) continue;
    lines.refuse({
      code: 'RETENTION_TOO_SHORT',
      subject: `view ${ref}`,
      pointer: `/feature_views/${ref}/retention`,
      message: refusalText(ref, { view, keptMs, predictionLogMs }),
    });
  }
}

interface Retentions {
  readonly view: FeatureViewManifest;
  readonly keptMs: number;
  readonly predictionLogMs: number | 'forever';
}

function refusalText(ref: string, { view: { ttl_ms: ttlMs }, keptMs, predictionLogMs }: Retentions): string {
  const log = predictionLogMs === 'forever' ? 'forever' : formatDurationMs(predictionLogMs);
  const needed =
    predictionLogMs === 'forever' || ttlMs === 'forever'
      ? 'forever'
      : formatDurationMs(predictionLogMs + ttlMs);
  const logAtMost = ttlMs === 'forever' || keptMs <= ttlMs ? null : formatDurationMs(keptMs - ttlMs);
  const orLog = logAtMost === null ? '' : `, or keep the log for at most ${logAtMost} where the workers run`;
  return `${ref} keeps ${formatDurationMs(keptMs)} of history, and the prediction log is kept ${log} (LARDER_PREDICTION_LOG_RETENTION): logged predictions would point to rows that are gone, which may be older than a prediction by the TTL. Declare retention: '${needed}'${orLog}.`;
}
