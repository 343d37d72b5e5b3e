import { setTimeout as delay } from 'node:timers/promises';
import { call } from './http-call.ts';

/** Rarely enough that a process which closes its port with the signal is found out. */
const PROBE_INTERVAL_MS = 1_000;

/** Sends each request to the next process whose last probe of `/health/ready` was answered with 200. */
export interface Balancer {
  /** Probes a process until it is removed. */
  add(url: string): void;
  remove(url: string): void;
  isReady(url: string): boolean;
  /** @throws Error when no process is ready */
  next(): string;
  close(): Promise<void>;
}

export function createBalancer(): Balancer {
  const ready = new Map<string, boolean>();
  const closed = new AbortController();
  const probing = new Set<Promise<void>>();
  let turn = 0;

  async function probe(url: string): Promise<void> {
    while (!closed.signal.aborted && ready.has(url)) {
      const status = await call(`${url}/health/ready`, { agent: false }).then(
        (answer) => answer.status,
        () => 0,
      );
      if (ready.has(url)) ready.set(url, status === 200);
      await delay(PROBE_INTERVAL_MS, undefined, { signal: closed.signal }).catch(() => {});
    }
  }

  return {
    add(url) {
      ready.set(url, false);
      const probes = probe(url).finally(() => probing.delete(probes));
      probing.add(probes);
    },
    remove: (url) => void ready.delete(url),
    isReady: (url) => ready.get(url) === true,
    next() {
      const urls = [...ready].flatMap(([url, isReady]) => (isReady ? [url] : []));
      const url = urls[turn++ % urls.length];
      if (url === undefined) throw new Error('No process is ready.');
      return url;
    },
    async close() {
      closed.abort();
      await Promise.all(probing);
    },
  };
}
