import { once } from 'node:events';
import { deserialize, serialize } from 'node:v8';
import type { MessagePort } from 'node:worker_threads';
import type { RememberedContent, ValueMemory } from '@larder/features';
import type { BatchMemory } from './batch-memory.ts';
import type { MemoryAnswer, MemoryRequest, RecalledAddress } from './protocol.ts';

type Values = NonNullable<RememberedContent['values']>;
type Asked = MemoryRequest extends infer Request
  ? Request extends unknown
    ? Omit<Request, 'id' | 'batch'>
    : never
  : never;

/** The thread's side of `serveValueMemory`; each batch has its own memory. */
export function askValueMemory(port: MessagePort): (batch: BatchMemory, signal: AbortSignal) => ValueMemory {
  const asked = new Map<number, (answer: MemoryAnswer) => void>();
  let lastId = 0;
  port.on('message', (answer: MemoryAnswer) => {
    asked.get(answer.id)?.(answer);
    asked.delete(answer.id);
  });
  return (batch, signal) => {
    // Only entries of `remember` name keys.
    const described = { ...batch, keyHashes: [] };
    const ask = async (request: Asked): Promise<MemoryAnswer | undefined> => {
      if (signal.aborted) return undefined;
      const id = ++lastId;
      const answer = Promise.withResolvers<MemoryAnswer>();
      asked.set(id, answer.resolve);
      port.postMessage({ id, batch: described, ...request });
      const ended = new AbortController();
      const given = await Promise.race([answer.promise, aborted(signal, ended.signal)]);
      ended.abort();
      return given;
    };
    return {
      async recall(addresses) {
        const answer = await ask({ recall: addresses });
        const recalled = answer && 'recalled' in answer ? answer.recalled : [];
        return new Map(recalled.map((one) => [one.address, contentOf(one)]));
      },
      async valuesOf(sha256) {
        const answer = await ask({ valuesOf: sha256 });
        return answer && 'values' in answer ? readValues(answer.values) : null;
      },
      async remember(contents) {
        if (contents.length === 0) return;
        await ask({
          remember: contents.map(({ address, sha256, answer, values, rows }) => ({
            address,
            sha256,
            answer,
            values: values && serialize(values),
            keyHashes: rows.map((row) => batch.keyHashes[row] as Uint8Array),
          })),
        });
      },
    };
  };
}

function contentOf({ sha256, validators, isCurrent, values }: RecalledAddress): RememberedContent {
  return { sha256, validators, isCurrent, values: readValues(values) };
}

/** Null also for values that this version of Node cannot read: they are computed again. */
function readValues(bytes: Uint8Array | null): Values | null {
  if (bytes === null) return null;
  try {
    return deserialize(bytes) as Values;
  } catch {
    return null;
  }
}

async function aborted(signal: AbortSignal, ended: AbortSignal): Promise<undefined> {
  await once(signal, 'abort', { signal: ended }).catch(() => {});
}
