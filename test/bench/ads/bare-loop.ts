import { resolve } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

/*
 * The floor of a backfill: `node bare-loop.ts describe-….ts` calls that module's default export for each address and
 * does nothing else; no queue, no store, no history, no limits.
 * Like a worker's, threads stay alive between rounds, keep a few pictures in flight and take the next unprocessed address.
 */
const IN_FLIGHT = 8;

interface Work {
  readonly addresses: readonly string[];
  readonly threads: number;
}

interface Share {
  readonly addresses: readonly string[];
  /** Shared counter of all threads: the next address. */
  readonly taken: Int32Array;
}

if (isMainThread) {
  const threads: Worker[] = [];
  process.on('message', (work: Work) => void serve(work));
  process.on('disconnect', () => process.exit());

  async function serve({ addresses, threads: count }: Work): Promise<void> {
    while (threads.length < count)
      threads.push(new Worker(new URL(import.meta.url), { workerData: process.argv[2] }));
    const startedMs = performance.now();
    const taken = new Int32Array(new SharedArrayBuffer(4));
    await Promise.all(threads.map((thread) => share(thread, { addresses, taken })));
    process.send?.((performance.now() - startedMs) / 1_000);
  }

  function share(thread: Worker, work: Share): Promise<void> {
    return new Promise((done, failed) => {
      thread.once('error', failed);
      thread.once('message', () => {
        thread.off('error', failed);
        done();
      });
      thread.postMessage(work);
    });
  }
} else {
  const module = resolve(import.meta.dirname, workerData as string);
  const { default: describe } = (await import(module)) as { default: (address: string) => Promise<unknown> };
  parentPort?.on('message', (work: Share) => void loop(work));

  async function loop({ addresses, taken }: Share): Promise<void> {
    const work = async () => {
      for (;;) {
        const address = addresses[Atomics.add(taken, 0, 1)];
        if (address === undefined) return;
        await describe(address);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    parentPort?.postMessage('done');
  }
}
