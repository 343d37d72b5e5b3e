import { resolve } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

/*
 * The floor of a backfill: `node bare-loop.ts describe-….ts` calls that module's default export for each address and
 * does nothing else; no queue, no store, no history, no limits.
 * Threads live on between rounds, as a worker's do, and keep a few pictures in flight.
 */
const IN_FLIGHT = 8;

interface Work {
  readonly addresses: readonly string[];
  readonly threads: number;
}

if (isMainThread) {
  const threads: Worker[] = [];
  process.on('message', (work: Work) => void serve(work));
  process.on('disconnect', () => process.exit());

  async function serve({ addresses, threads: count }: Work): Promise<void> {
    while (threads.length < count)
      threads.push(new Worker(new URL(import.meta.url), { workerData: process.argv[2] }));
    const startedMs = performance.now();
    await Promise.all(
      threads.map((thread, at) =>
        share(
          thread,
          addresses.filter((_, index) => index % count === at),
        ),
      ),
    );
    process.send?.((performance.now() - startedMs) / 1_000);
  }

  function share(thread: Worker, addresses: readonly string[]): Promise<void> {
    return new Promise((done, failed) => {
      thread.once('error', failed);
      thread.once('message', () => {
        thread.off('error', failed);
        done();
      });
      thread.postMessage(addresses);
    });
  }
} else {
  const module = resolve(import.meta.dirname, workerData as string);
  const { default: describe } = (await import(module)) as { default: (address: string) => Promise<unknown> };
  parentPort?.on('message', (addresses: readonly string[]) => void loop(addresses));

  async function loop(addresses: readonly string[]): Promise<void> {
    const waiting = addresses.values();
    const work = async () => {
      for (const address of waiting) await describe(address);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    parentPort?.postMessage('done');
  }
}
