import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@larder/core';
import { artifact, type Computation, type RowOutcome } from '@larder/features';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { manyScansJpeg } from '../testing/grey-jpeg.ts';
import { MAX_SCANS } from './decode-picture.ts';
import { imageFeatures } from './image-features.ts';

const ENCODER = fileURLToPath(new URL('../../../../examples/ads/models/encoder', import.meta.url));

let server: Server;
let origin: string;
let computation: Computation;
let onRequest: (path: string) => void = () => {};

beforeAll(async () => {
  const fine = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#c64' } })
    .jpeg()
    .toBuffer();
  const slow = manyScansJpeg(1_500, MAX_SCANS);
  server = createServer((request, response) => {
    const path = request.url ?? '/';
    onRequest(path);
    // A host that never answers is the slowest there is.
    if (!path.startsWith('/silent')) response.end(path.startsWith('/slow') ? slow : fine);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const descriptor = imageFeatures({ encoder: artifact('encoder'), timeoutMs: 600_000 });
  const module = await descriptor.load();
  computation = await module.createComputation({
    options: descriptor.options,
    artifactPaths: { encoder: ENCODER },
    allowedHosts: ['127.0.0.1'],
    logger: createLogger('test', { level: 'silent' }),
  });
});
afterAll(async () => {
  await computation.close();
  server.closeAllConnections();
  server.close();
});

const compute = (names: readonly string[], signal: AbortSignal): Promise<RowOutcome[]> =>
  computation.compute(
    names.map((name) => ({ ad_id: name, image_url: `${origin}/${name}` })),
    signal,
  );
const codeOf = (outcome: RowOutcome): string => ('failure' in outcome ? outcome.failure.code : 'ok');

test('when time is up, finished rows are kept and every other row fails by itself', async () => {
  const time = new AbortController();
  // With eight in flight and two decoded at a time, the first ones are done by then.
  onRequest = (path) => path === '/slow-9' && time.abort(new Error('time is up'));
  const slow = Array.from({ length: 20 }, (_, at) => `slow-${at}`);
  const codes = (await compute(['fine-1', 'fine-2', ...slow, 'fine-3'], time.signal)).map(codeOf);
  expect(codes.slice(0, 2)).toEqual(['ok', 'ok']);
  expect(codes.slice(-10)).toEqual(Array(10).fill('COMPUTATION_TIMED_OUT'));
  expect(await compute(['fine-4'], new AbortController().signal)).toMatchObject([{ values: {} }]);
});

test('a host that does not answer fails no row of another host', async () => {
  const time = new AbortController();
  onRequest = (path) => path === '/fine-9' && setImmediate(() => time.abort());
  const [silent, ...others] = await compute(['silent', 'fine-7', 'fine-8', 'fine-9'], time.signal);
  expect(silent).toMatchObject({
    failure: {
      code: 'COMPUTATION_TIMED_OUT',
      reason: expect.stringMatching(/^The batch ran out of time.+\.$/),
      retryable: true,
    },
  });
  expect(others).toHaveLength(3);
});

test('a batch that ran out of time before it began fails row by row', async () => {
  expect((await compute(['a', 'b'], AbortSignal.abort())).map(codeOf)).toEqual([
    'COMPUTATION_TIMED_OUT',
    'COMPUTATION_TIMED_OUT',
  ]);
});
