import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, isMainThread, parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { createLogger } from '@larder/core';
import { createOutbound } from '@larder/outbound';
import sharp from 'sharp';
import { createPictureDecoder } from '../../packages/extractors/src/pictures/decoder/picture-decoder.ts';
import { decodePicture } from '../../packages/extractors/src/pictures/decode-picture.ts';
import { fetchPicture } from '../../packages/extractors/src/pictures/fetch-picture.ts';
import { createImageComputation } from '../../packages/extractors/src/pictures/image-computation.ts';
import { loadPictureEncoder } from '../../packages/extractors/src/pictures/picture-encoder.ts';
import { pictureStatistics } from '../../packages/extractors/src/pictures/picture-pixels.ts';

/**
 * Cost of a picture: `node test/bench/picture-cost.ts [folder of pictures]`; without a folder, noise of 1080 × 1080.
 * Prints the time of each step (fetching includes the CPU of the server), the cost of a decoder process and of one per
 * picture, and pictures per second of the computation against that loop. CPU is that of this process alone.
 */
const ROUNDS = 9;
const LIMITS = { maxPixels: 25_000_000, maxBytes: 20 * 1024 * 1024, timeoutMs: 10_000 };

if (isMainThread) await measure();
else await serve(workerData as Uint8Array[], parentPort);

async function measure(): Promise<void> {
  const files = await pictures(process.argv[2]);
  const server = new Worker(new URL(import.meta.url), { workerData: files });
  const port = await new Promise<number>((resolve) => server.once('message', resolve));
  const addresses = files.map((_, index) => `http://127.0.0.1:${port}/${index}`);
  const encoderPath = fileURLToPath(new URL('../../examples/ads/models/encoder', import.meta.url));
  const context = {
    options: {},
    artifactPaths: { encoder: encoderPath },
    allowedHosts: ['127.0.0.1'],
    logger: createLogger('bench', { level: 'silent' }),
  };
  const computation = await createImageComputation(context, { column: 'url', concurrency: 8, ...LIMITS });
  const encoder = await loadPictureEncoder(encoderPath);
  const outbound = createOutbound(context);
  const { signal } = new AbortController();

  const costs: Record<string, { wallMs: number; cpuMs: number; count: number }> = {};
  const timed = async <Value>(step: string, work: () => Value | Promise<Value>): Promise<Value> => {
    const cost = (costs[step] ??= { wallMs: 0, cpuMs: 0, count: 0 });
    const [start, cpu] = [performance.now(), process.cpuUsage()];
    const value = await work();
    cost.wallMs += performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    cost.cpuMs += (user + system) / 1_000;
    cost.count++;
    return value;
  };
  const apart = createPictureDecoder({ parallel: 1 });
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let loopMs = 0;
    for (const address of addresses) {
      let startMs = performance.now();
      const bytes = await timed('fetch', async () => {
        const fetched = await fetchPicture(outbound, address, { ...LIMITS, signal, validators: null });
        return fetched === 'unchanged' ? Buffer.alloc(0) : fetched.bytes;
      });
      const { width, height, fit } = encoder;
      const options = { shape: { width, height, fit }, maxPixels: LIMITS.maxPixels } as const;
      const { rgb } = await timed('decode', () => decodePicture(bytes, options));
      const bareMs = performance.now() - startMs;
      await timed('decode in one long-lived process', () => apart.decode(bytes, options));
      if (round === 0) {
        await timed('decode in a process per picture', async () => {
          const own = createPictureDecoder();
          await own.decode(bytes, options);
          own.close();
        });
      }
      startMs = performance.now() - bareMs;
      await timed('statistics', () => pictureStatistics(rgb));
      await timed('onnx', () => encoder.encode(rgb));
      loopMs += performance.now() - startMs;
    }
    const computeStart = performance.now();
    await computation.compute(
      addresses.map((url) => ({ url })),
      signal,
    );
    ratios.push(loopMs / (performance.now() - computeStart));
  }
  for (const [step, { wallMs, cpuMs, count }] of Object.entries(costs)) {
    const perPicture = (ms: number): string => (ms / count).toFixed(2).padStart(6);
    console.log(`${step.padEnd(28)} ${perPicture(wallMs)} ms, ${perPicture(cpuMs)} ms CPU per picture`);
  }
  const ratio = ratios.toSorted((a, b) => a - b)[ROUNDS >> 1] as number;
  console.log(`computation / bare loop, pictures per second, median of ${ROUNDS}: ${ratio.toFixed(2)}`);
  outbound.close();
  apart.close();
  await Promise.all([computation.close(), encoder.close(), server.terminate()]);
}

async function pictures(folder: string | undefined): Promise<Uint8Array[]> {
  if (folder !== undefined) {
    const names = (await readdir(folder))
      .filter((name) => /\.(jpe?g|png|webp|gif|avif)$/.test(name))
      .slice(0, 64);
    return Promise.all(names.map((name) => readFile(join(folder, name))));
  }
  const noise = { type: 'gaussian', mean: 128, sigma: 30 } as const;
  const picture = sharp({
    create: { width: 1080, height: 1080, channels: 3, background: '#888', noise },
  }).blur(2);
  return [
    await picture.clone().jpeg({ quality: 85 }).toBuffer(),
    await picture.clone().webp().toBuffer(),
  ].flatMap((file) => Array.from({ length: 16 }, () => file));
}

async function serve(files: readonly Uint8Array[], port: MessagePort | null): Promise<void> {
  const server = createServer((request, response) => response.end(files[Number(request.url?.slice(1))]));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port?.postMessage((server.address() as AddressInfo).port);
}
