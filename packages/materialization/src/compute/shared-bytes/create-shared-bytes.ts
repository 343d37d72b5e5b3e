import { MessageChannel, type MessagePort } from 'node:worker_threads';

/** A view's request for the bytes of a key; `id` is chosen by the thread. */
export interface BytesWanted {
  readonly id: number;
  readonly key: string;
  readonly view: string;
}

/** Bytes that another view fetched; null: fetch them, then always send `BytesFetched`. */
export interface BytesAnswer {
  readonly id: number;
  readonly bytes: SharedArrayBuffer | null;
}

/** The result of a fetch; null when it failed. */
export interface BytesFetched {
  readonly key: string;
  readonly view: string;
  readonly fetched: SharedArrayBuffer | null;
}

export interface SharedBytesOptions {
  /** How long bytes are kept for other views. @default 10 minutes */
  readonly lifeMs?: number;
  /** Limit on the total size of kept bytes. @default 64 MiB */
  readonly maxBytes?: number;
}

/** Bytes that compute threads of this process fetched and other views may still need. */
export interface SharedBytesOfProcess {
  /** Creates the port for a thread. When it closes, the fetches of its thread count as failed. */
  connect(): MessagePort;
}

interface Kept {
  readonly bytes: SharedArrayBuffer;
  /** Views that already have the bytes. */
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
  /** Ordered oldest first. */
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

  /** Expires old bytes on a timer, so that an idle worker releases the memory. */
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
