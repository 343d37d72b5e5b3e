/** How long an item waits for others while items of its lane land. */
const COMPANY_MS = 20;
/** Groups of a lane that land at the same time: each holds a connection of the pool. Further items wait, and share larger groups. */
const MAX_LANDING = 3;
/** A larger item lands alone. */
const MAX_ROWS = 2_000;
const MAX_BYTES = 8 * 1024 * 1024;

/** Position of a group among those of its lane. */
export interface Turn {
  /** Resolves when the previous group has called `taken`, or has ended. */
  readonly before: Promise<void>;
  taken(): void;
}

export interface GroupCommitOptions<Item, Outcome> {
  /** Items of one lane land together. */
  laneOf(item: Item): string;
  /** One outcome per item, in their order; at least one item. */
  land(items: readonly Item[], turn: Turn): Promise<Outcome[]>;
  /** The outcome of every item when `land` itself fails. */
  failed(error: unknown): Outcome;
}

export interface ItemSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface GroupCommit<Item, Outcome> {
  add(item: Item, size: ItemSize): Promise<Outcome>;
  /** Lands waiting items at once, and resolves when all have landed. */
  close(): Promise<void>;
}

interface Waiting<Item, Outcome> extends ItemSize {
  readonly item: Item;
  settle(outcome: Outcome): void;
}

interface Lane<Item, Outcome> {
  readonly waiting: Waiting<Item, Outcome>[];
  landing: number;
  company: NodeJS.Timeout | null;
  /** Resolves when the newest group has taken its turn. */
  turn: Promise<void>;
}

/**
 * Group commit: an item lands at once if no other of its lane is landing; those that arrive meanwhile land together when it has
 * landed, or 20 ms later, whichever comes first. A single caller never waits, and many callers share transactions.
 */
export function createGroupCommit<Item, Outcome>(
  options: GroupCommitOptions<Item, Outcome>,
): GroupCommit<Item, Outcome> {
  const lanes = new Map<string, Lane<Item, Outcome>>();
  const underWay = new Set<Promise<void>>();
  let closing = false;

  function laneOf(item: Item): { key: string; lane: Lane<Item, Outcome> } {
    const key = options.laneOf(item);
    let lane = lanes.get(key);
    if (!lane) lanes.set(key, (lane = { waiting: [], landing: 0, company: null, turn: Promise.resolve() }));
    return { key, lane };
  }

  function land(key: string, lane: Lane<Item, Outcome>): void {
    if (lane.company !== null) clearTimeout(lane.company);
    lane.company = null;
    const taken = takeGroup(lane.waiting);
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn = { before: lane.turn, taken: resolve };
    lane.turn = promise;
    lane.landing++;
    const items = taken.map(({ item }) => item);
    const landing = options
      .land(items, turn)
      .catch((error: unknown): Outcome[] => taken.map(() => options.failed(error)))
      .then((outcomes) => {
        resolve();
        lane.landing--;
        underWay.delete(landing);
        for (const [at, { settle }] of taken.entries()) settle(outcomes[at] as Outcome);
        next(key, lane, true);
      });
    underWay.add(landing);
  }

  /** `due`: the waiting time is over. */
  function next(key: string, lane: Lane<Item, Outcome>, due: boolean): void {
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
    add(item, size) {
      const { key, lane } = laneOf(item);
      return new Promise<Outcome>((settle) => {
        lane.waiting.push({ item, ...size, settle });
        next(key, lane, false);
      });
    },
    async close() {
      closing = true;
      for (const [key, lane] of lanes) next(key, lane, false);
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
}

/** Takes the oldest items that fit into one group; an oversized one lands alone. */
function takeGroup<W extends ItemSize>(waiting: W[]): W[] {
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

function isFull(waiting: readonly ItemSize[]): boolean {
  let rows = 0;
  let bytes = 0;
  for (const each of waiting) {
    rows += each.rows;
    bytes += each.bytes;
  }
  return rows >= MAX_ROWS || bytes >= MAX_BYTES;
}
