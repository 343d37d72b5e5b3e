/** A version that is loaded because a caller named its number. */
export interface AskedVersion {
  readonly model: string;
  readonly version: number;
}

/**
 * Limits the versions that are in memory only because callers name their numbers: a fixed number of places for the whole
 * process, one load at a time, and a loaded version keeps its place for a while. So callers who walk through all numbers
 * neither fill the memory nor keep the process loading.
 */
export interface AskedVersions {
  /** Asks for a version that is not in service. @returns seconds after which to ask again */
  ask(asked: AskedVersion): number;
  has(asked: AskedVersion): boolean;
  /** Marks a use. */
  touch(asked: AskedVersion): void;
  /** Resolves when nothing is being loaded; nothing is from then on. */
  close(): Promise<void>;
}

export interface AskedVersionsDeps {
  /** Loads a version; it never rejects. @returns false when it could not be loaded: its place is free again */
  readonly load: (asked: AskedVersion) => Promise<boolean>;
  /** Takes a version that lost its place out of service, unless something else needs it. */
  readonly drop: (asked: AskedVersion) => void;
  /** @default 4 */
  readonly places?: number | undefined;
  /** Time for which a loaded version cannot lose its place. @default 30 seconds */
  readonly keepMs?: number | undefined;
  /** @default performance.now */
  readonly nowMs?: (() => number) | undefined;
}

interface Place extends AskedVersion {
  /** Infinity while it is being loaded. */
  keptUntilMs: number;
}

export function createAskedVersions(deps: AskedVersionsDeps): AskedVersions {
  const { load, drop, places = 4, keepMs = 30_000, nowMs = () => performance.now() } = deps;
  /** Least recently used first. */
  const held = new Map<string, Place>();
  let loading: Promise<void> = Promise.resolve();
  let closed = false;

  function start(place: Place): void {
    const key = keyOf(place);
    held.set(key, place);
    loading = loading.then(async () => {
      if (!closed && (await load(place))) place.keptUntilMs = nowMs() + keepMs;
      else held.delete(key);
    });
  }

  return {
    ask({ model, version }) {
      const place = { model, version, keptUntilMs: Number.POSITIVE_INFINITY };
      if (closed || held.has(keyOf(place))) return 1;
      if (held.size >= places) {
        const now = nowMs();
        const least = [...held.values()].find(({ keptUntilMs }) => keptUntilMs <= now);
        if (least === undefined) {
          const free = Math.min(...Array.from(held.values(), ({ keptUntilMs }) => keptUntilMs), now + keepMs);
          return Math.max(1, Math.ceil((free - now) / 1_000));
        }
        held.delete(keyOf(least));
        drop(least);
      }
      start(place);
      return 1;
    },
    has: (asked) => held.has(keyOf(asked)),
    touch(asked) {
      const key = keyOf(asked);
      const place = held.get(key);
      if (place === undefined) return;
      held.delete(key);
      held.set(key, place);
    },
    close() {
      closed = true;
      return loading;
    },
  };
}

function keyOf({ model, version }: AskedVersion): string {
  return `${model}@${version}`;
}
