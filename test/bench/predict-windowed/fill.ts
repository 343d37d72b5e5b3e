import { DistinctSketch, type LoadedProject } from '@larder/features';
import type { OnlineStore, Tile } from '@larder/online-store';

export const ADS = 500;

const DAY_MS = 86_400_000;
const MOST_EVENTS_A_DAY = 500;
/** An event in three is of a user who was not there before. */
const EVENTS_PER_USER = 3;

/** Each ad has a steady rate of events, from 1 to 500 a day, and the tiles that they come to by now. */
export async function fillWindows(onlineStore: OnlineStore, { manifest }: LoadedProject): Promise<void> {
  const view = manifest.feature_views['ad_windows@1'];
  if (view?.windowed === undefined) throw new Error('The project has no windowed view.');
  const { windows } = view.windowed;
  const nowMs = Date.now();
  const order = { eventTimestampMs: nowMs - 1_000, createdTimestampMs: nowMs, revision: 1 };
  const entities = Array.from({ length: ADS }, (_, ad) => {
    const eventsPerDay = MOST_EVENTS_A_DAY ** (((ad * 37) % ADS) / ADS);
    const tiles = windows.flatMap((window, w) => tilesOf(w, { ...window, nowMs, eventsPerDay, ad }));
    return Object.assign({ entityKey: `ad-${ad}`, tiles }, order);
  });
  await onlineStore.writeTiles({ view: { ...view, windowed: view.windowed }, entities, nowMs });
}

interface Filled {
  readonly window_ms: number;
  readonly hop_ms: number;
  readonly nowMs: number;
  readonly eventsPerDay: number;
  readonly ad: number;
}

function tilesOf(window: number, { window_ms, hop_ms, nowMs, eventsPerDay, ad }: Filled): Tile[] {
  const gapMs = DAY_MS / eventsPerDay;
  const tiles: Tile[] = [];
  const running = Math.floor(nowMs / hop_ms);
  for (let index = Math.floor((nowMs - window_ms) / hop_ms); index <= running; index++) {
    const from = Math.ceil((index * hop_ms) / gapMs);
    const to = Math.min(Math.ceil(((index + 1) * hop_ms) / gapMs), Math.floor(nowMs / gapMs));
    if (to <= from) continue;
    const users = new DistinctSketch();
    for (let event = from; event < to; event++) users.add(`${ad}-${Math.floor(event / EVENTS_PER_USER)}`);
    const bid = 0.5 + (index % 7) / 10;
    const states = [to - from, bid * (to - from), to - from, 2 * bid, bid, users.encode()];
    tiles.push({ window, index, version: 1, states });
  }
  return tiles;
}
