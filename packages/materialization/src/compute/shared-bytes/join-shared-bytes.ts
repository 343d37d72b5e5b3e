import type { MessagePort } from 'node:worker_threads';
import type { SharedBytes } from '@larder/features';
import type { BytesAnswer, BytesFetched, BytesWanted } from './create-shared-bytes.ts';

/** The thread's side of `createSharedBytes`, used by each of its views. */
export function joinSharedBytes(port: MessagePort): (view: string) => SharedBytes {
  const asked = new Map<number, (bytes: SharedArrayBuffer | null) => void>();
  let lastId = 0;
  port.on('message', ({ id, bytes }: BytesAnswer) => {
    asked.get(id)?.(bytes);
    asked.delete(id);
  });
  return (view) => ({
    async get(key, fetch, signal) {
      signal.throwIfAborted();
      const id = ++lastId;
      const end = (fetched: SharedArrayBuffer | null): void =>
        port.postMessage({ key, view, fetched } satisfies BytesFetched);
      const answer = Promise.withResolvers<SharedArrayBuffer | null>();
      const giveUp = (): void => answer.reject(signal.reason);
      signal.addEventListener('abort', giveUp, { once: true });
      asked.set(id, (bytes) => {
        signal.removeEventListener('abort', giveUp);
        // The turn to fetch came too late, so pass it on.
        if (bytes === null && signal.aborted) end(null);
        answer.resolve(bytes);
      });
      port.postMessage({ id, key, view } satisfies BytesWanted);
      const left = await answer.promise;
      if (left !== null) return Buffer.from(left);
      let fetched: SharedArrayBuffer | null = null;
      try {
        const bytes = await fetch();
        fetched = new SharedArrayBuffer(bytes.length);
        new Uint8Array(fetched).set(bytes);
        return Buffer.from(fetched);
      } finally {
        end(fetched);
      }
    },
  });
}
