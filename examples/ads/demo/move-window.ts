import { newId } from '@larder/core';
import pc from 'picocolors';
import type { LarderApi } from './larder-api.ts';
import { bad, good, line } from './terminal.ts';

const WINDOWS = ['impressions_1h', 'impressions_7d', 'clicks_1h', 'clicks_7d'];
const GIVE_UP_MS = 10_000;

/** Sends one event and shows the windows before it and as soon as they have it. @returns what was wrong */
export async function moveWindow(api: LarderApi, adId: string): Promise<string[]> {
  const read = async (): Promise<number[]> => {
    const values = await api.read(
      WINDOWS.map((name) => `ad_stats:${name}`),
      adId,
    );
    return values.map(Number);
  };
  const before = await read();
  const event = {
    event_id: `demo-${newId()}`,
    event_timestamp: new Date().toISOString(),
    ad_id: adId,
    impressions: 1,
    clicks: 1,
  };
  line(pc.dim(`POST /v1/events/ad_events  ${JSON.stringify({ events: [event] })}`));
  const sentMs = performance.now();
  await api.sendEvent('ad_events', event);
  let after = await read();
  while (!moved(before, after) && performance.now() - sentMs < GIVE_UP_MS) after = await read();
  const tookMs = performance.now() - sentMs;
  for (const [at, name] of WINDOWS.entries())
    line(`  ad_stats:${name.padEnd(14)}  ${String(before[at]).padStart(5)}  →  ${after[at]}`);
  const right = moved(before, after);
  (right ? good : bad)(`readable ${tookMs.toFixed(0)} ms after it was sent`);
  return right
    ? []
    : [`the windows of ${adId} went from ${before.join()} to ${after.join()} in ${tookMs.toFixed(0)} ms`];
}

/** The week counts one more of both; the old end of the last hour may have moved meanwhile. */
function moved(before: readonly number[], after: readonly number[]): boolean {
  const [, impressions = 0, , clicks = 0] = before;
  return after[1] === impressions + 1 && after[3] === clicks + 1 && Number(after[2]) >= 1;
}
