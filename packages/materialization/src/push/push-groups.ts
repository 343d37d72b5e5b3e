import { viewRef } from '@larder/features';
import { acceptPush, type AcceptedPush, type PushRequest } from './accept-push.ts';
import { landPushes, type PushGroup, type PushOutcome, type PushResult } from './land-pushes.ts';
import type { PushDeps } from './push-rows.ts';

/** How long a push waits for others while pushes of its view land. */
const COMPANY_MS = 20;
/** Groups of a view that land at the same time: each holds a connection of the pool. Further pushes wait, and share larger groups. */
const MAX_LANDING = 3;
/** A larger push lands alone. */
const MAX_ROWS = 2_000;
const MAX_BYTES = 8 * 1024 * 1024;

export interface GroupedPushRequest extends PushRequest {
  /** Size of the request's body. */
  readonly sizeBytes: number;
}

export interface PushGroups {
  /** Does `pushRows` in a run that is shared with pushes of the same view that arrive meanwhile. */
  push(request: GroupedPushRequest): Promise<PushResult>;
  /** Lands waiting pushes at once, and resolves when all have landed. */
  close(): Promise<void>;
}

interface Waiting {
  readonly push: AcceptedPush;
  readonly rows: number;
  readonly bytes: number;
  settle(outcome: PushOutcome): void;
}

/** Pushes of one view version. */
interface Lane {
  readonly waiting: Waiting[];
  landing: number;
  company: NodeJS.Timeout | null;
  /** Resolves when the newest group has its revision. */
  turn: Promise<void>;
}

/**
 * Group commit: a push lands at once if no other push of its view is landing; those that arrive meanwhile land together
 * when it has landed, or 20 ms later, whichever comes first. A single caller never waits, and many callers share
 * transactions.
 */
export function createPushGroups(deps: PushDeps): PushGroups {
  const lanes = new Map<string, Lane>();
  const underWay = new Set<Promise<void>>();
  let closing = false;

  function laneOf({ manifest, view }: AcceptedPush): { key: string; lane: Lane } {
    const key = `${manifest.project} ${viewRef(view)} ${view.fingerprint}`;
    let lane = lanes.get(key);
    if (!lane) lanes.set(key, (lane = { waiting: [], landing: 0, company: null, turn: Promise.resolve() }));
    return { key, lane };
  }

  function land(key: string, lane: Lane): void {
    if (lane.company !== null) clearTimeout(lane.company);
    lane.company = null;
    const taken = takeGroup(lane.waiting);
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn = { before: lane.turn, taken: resolve };
    lane.turn = promise;
    lane.landing++;
    const landing = landPushes(deps, taken.map(({ push }) => push) as unknown as PushGroup, turn)
      .catch((error: unknown): PushOutcome[] => taken.map(() => ({ ok: false, error })))
      .then((outcomes) => {
        resolve();
        lane.landing--;
        underWay.delete(landing);
        for (const [at, { settle }] of taken.entries()) settle(outcomes[at] as PushOutcome);
        next(key, lane, true);
      });
    underWay.add(landing);
  }

  /** `due`: the waiting time is over. */
  function next(key: string, lane: Lane, due: boolean): void {
    let mayLand = due || closing;
    while (lane.landing < MAX_LANDING && (mayLand || lane.landing === 0 || isFull(lane.waiting))) {
      if (lane.waiting.length === 0) break;
      land(key, lane);
      mayLand = closing;
    }
    if (lane.waiting.length > 0 && lane.landing < MAX_LANDING)
      lane.company ??= setTimeout(() => {
        lane.company = null;
        next(key, lane, true);
      }, COMPANY_MS);
    if (lane.landing === 0) lanes.delete(key);
  }

  return {
    async push(request) {
      const push = await acceptPush(deps.clock, request);
      const { key, lane } = laneOf(push);
      const outcome = await new Promise<PushOutcome>((settle) => {
        lane.waiting.push({ push, rows: request.rows.length, bytes: request.sizeBytes, settle });
        next(key, lane, false);
      });
      if (!outcome.ok) throw outcome.error;
      return outcome.result;
    },
    async close() {
      closing = true;
      for (const [key, lane] of lanes) next(key, lane, false);
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** Takes the oldest pushes that fit into one group; an oversized push lands alone. */
function takeGroup(waiting: Waiting[]): Waiting[] {
  let rows = 0;
  let bytes = 0;
  let count = 0;
  for (const each of waiting) {
    rows += each.rows;
    bytes += each.bytes;
    if (count > 0 && (rows > MAX_ROWS || bytes > MAX_BYTES)) break;
    count++;
  }
  return waiting.splice(0, count);
}

function isFull(waiting: readonly Waiting[]): boolean {
  let rows = 0;
  let bytes = 0;
  for (const each of waiting) {
    rows += each.rows;
    bytes += each.bytes;
  }
  return rows >= MAX_ROWS || bytes >= MAX_BYTES;
}
