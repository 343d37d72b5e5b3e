import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** A view's request for the bytes under a key; `id` is the thread's own. */
export interface BytesWanted {
  readonly id: number;
  readonly key: string;
  readonly view: string;
}

/** Bytes that another view fetched; null: fetch them, then send `BytesFetched` in any case. */
export interface BytesAnswer {
  readonly id: number;
  readonly bytes: SharedArrayBuffer | null;
}

/** The end of a fetch; null when it failed. */
export interface BytesFetched {
  readonly key: string;
  readonly view: string;
  readonly fetched: SharedArrayBuffer | null;
}

export interface SharedBytesOptions {
  /** How long bytes wait for other views. @default 10 minutes */
  readonly lifeMs?: number;
  /** Sum of all bytes that wait. @default 64 MiB */
  readonly maxBytes?: number;
}

/** What the compute threads of this process fetched and other views may still want. */
export interface SharedBytesOfProcess {
  /** The port that a thread joins with. When it closes, the fetches of its thread count as failed. */
  connect(): MessagePort;
}

interface Kept {
  readonly bytes: SharedArrayBuffer;
  /** Views that have it. */
  readonly views: Set<string>;
  readonly keptAtMs: number;
}

interface Waiting extends BytesWanted {
  readonly port: MessagePort;
}

interface Fetching {
  readonly port: MessagePort;
  waiting: Waiting[];
}

export function createSharedBytes(options: SharedBytesOptions = {}): SharedBytesOfProcess {
  const { lifeMs = 600_000, maxBytes = 64 * 1024 ** 2 } = options;
  /** Oldest first. */
  const kept = new Map<string, Kept>();
  const fetching = new Map<string, Fetching>();
  let keptBytes = 0;
  let sweep: NodeJS.Timeout | undefined;

  function want({ port, id, key, view }: Waiting): void {
    const current = fetching.get(key);
    if (current) return void current.waiting.push({ port, id, key, view });
    dropOld();
    const left = kept.get(key);
    const bytes = left && !left.views.has(view) ? left.bytes : null;
    if (bytes) left?.views.add(view);
    else fetching.set(key, { port, waiting: [] });
    port.postMessage({ id, bytes } satisfies BytesAnswer);
  }

  function end({ key, view, fetched }: BytesFetched): void {
    const waiting = fetching.get(key)?.waiting ?? [];
    fetching.delete(key);
    drop(key);
    if (fetched) {
      kept.set(key, { bytes: fetched, views: new Set([view]), keptAtMs: performance.now() });
      keptBytes += fetched.byteLength;
      dropOld();
      sweepLater();
    }
    for (const one of waiting) want(one);
  }

  function drop(key: string): void {
    keptBytes -= kept.get(key)?.bytes.byteLength ?? 0;
    kept.delete(key);
  }

  function dropOld(): void {
    for (const [key, { keptAtMs }] of kept) {
      if (keptBytes <= maxBytes && keptAtMs + lifeMs > performance.now()) return;
      drop(key);
    }
  }

  /** An idle worker gives the memory back. */
  function sweepLater(): void {
    sweep ??= setTimeout(() => {
      sweep = undefined;
      dropOld();
      if (kept.size > 0) sweepLater();
    }, lifeMs).unref();
  }

  function leave(port: MessagePort): void {
    for (const [key, current] of fetching) {
      current.waiting = current.waiting.filter((one) => one.port !== port);
      if (current.port === port) end({ key, view: '', fetched: null });
    }
  }

  return {
    connect() {
      const { port1: port, port2 } = new MessageChannel();
      port.on('message', (message: BytesWanted | BytesFetched) => {
        if ('fetched' in message) end(message);
        else want({ port, ...message });
      });
      port.on('close', () => leave(port));
      port.unref();
      return port2;
    },
  };
}
