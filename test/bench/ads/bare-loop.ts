import { resolve } from 'node:path';
import { Worker, isMainThread, parentPort } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import sharp from 'sharp';

/*
 * The floor of embedding-backfill: fetch, decode, encode and nothing else; no queue, no store, no history, no limits.
 * Threads live on between rounds, as a worker's do, and keep a few pictures in flight.
 */
const SIDE = 256;
const IN_FLIGHT = 8;
const ENCODER = resolve(import.meta.dirname, '../../../examples/ads/models/encoder/model.onnx');

interface Work {
  readonly addresses: readonly string[];
  readonly threads: number;
}

if (isMainThread) {
  const threads: Worker[] = [];
  process.on('message', (work: Work) => void serve(work));
  process.on('disconnect', () => process.exit());

  async function serve({ addresses, threads: count }: Work): Promise<void> {
    while (threads.length < count) threads.push(new Worker(new URL(import.meta.url)));
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
  sharp.concurrency(1);
  sharp.cache(false);
  const session = await InferenceSession.create(ENCODER, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: 'sequential',
  });
  parentPort?.on('message', (addresses: readonly string[]) => void loop(addresses));

  async function loop(addresses: readonly string[]): Promise<void> {
    const waiting = addresses.values();
    const work = async () => {
      for (const address of waiting) await embed(address);
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, work));
    parentPort?.postMessage('done');
  }

  async function embed(address: string): Promise<void> {
    const answer = await fetch(address);
    const bytes = Buffer.from(await answer.arrayBuffer());
    const rgb = await sharp(bytes, { ignoreIcc: true })
      .autoOrient()
      .resize(SIDE, SIDE, { fit: 'fill' })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer();
    const area = SIDE * SIDE;
    const pixels = new Float32Array(3 * area);
    for (let pixel = 0; pixel < area; pixel++) {
      pixels[pixel] = (rgb[3 * pixel] as number) / 255;
      pixels[area + pixel] = (rgb[3 * pixel + 1] as number) / 255;
      pixels[2 * area + pixel] = (rgb[3 * pixel + 2] as number) / 255;
    }
    await session.run({ pixels: new Tensor('float32', pixels, [1, 3, SIDE, SIDE]) });
  }
}
