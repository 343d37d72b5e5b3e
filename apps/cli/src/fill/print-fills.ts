import { formatDurationMs } from '@larder/core';
import { followedParents, type Manifest } from '@larder/features';
import type { FillEstimate } from '@larder/registry';
import type { Output } from '../output/output.ts';
import { oneLine, printableBytes, printableCount } from '../output/printable.ts';

/** One line for each view version that waits to be filled. */
export function printFills(
  fills: readonly FillEstimate[],
  { manifest, out }: { readonly manifest: Manifest; readonly out: Output },
): void {
  for (const fill of fills) out.line(`  fill ${fill.ref}: ${fillText(fill)}`);
  if (fills.length === 0) return;
  const views = fills.flatMap(({ ref }) => manifest.feature_views[ref] ?? []);
  const causes = [
    ...(views.some(({ schedule }) => schedule !== null) ? ['their schedule'] : []),
    ...(views.some((view) => followedParents(manifest, view).length > 0)
      ? ['rows that land in the views they are computed from']
      : []),
  ];
  const before = causes.length === 0 ? '' : ` before ${causes.join(', or ')}`;
  out.line(`  Nothing fills them by itself${before}: larder apply --backfill`);
}

export function fillText({
  rows,
  rowsFrom,
  sourceProblem,
  historyBytes,
  redisBytes,
  minutes,
  rate,
}: FillEstimate): string {
  const why = sourceProblem === null ? '' : ` (${oneLine(sourceProblem)})`;
  const counted =
    rows === null
      ? `rows unknown${why}`
      : `${printableCount(rows)} rows${rowsFrom === 'run' ? ` as in the newest run of another version${why}` : ''}`;
  const bytes =
    historyBytes === null || redisBytes === null
      ? []
      : [`about ${printableBytes(historyBytes)} of history and ${printableBytes(redisBytes)} of Redis`];
  const measured =
    rate === null
      ? 'time unknown: nothing computed like it has run yet'
      : minutes === null
        ? `at ${printableCount(rate.rowsPerSecond)} rows/s, as ${rate.measuredIn} was`
        : `about ${formatDurationMs(Math.max(1_000, minutes * 60_000))} at ${printableCount(rate.rowsPerSecond)} rows/s, as ${rate.measuredIn} was`;
  return [counted, ...bytes, measured].join(', ');
}
