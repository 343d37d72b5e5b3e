import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createLogger } from '@larder/core';
import { artifact, type Computation, type RowOutcome } from '@larder/features';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { imageFeatures } from './image-features.ts';

const ENCODER = fileURLToPath(new URL('../../../../examples/ads/models/encoder', import.meta.url));

let server: Server;
let origin: string;
let computation: Computation;
let requested: string[];

beforeAll(async () => {
  const picture = (colour: string, side: number): Promise<Buffer> =>
    sharp({ create: { width: side, height: side, channels: 3, background: colour } })
      .jpeg()
      .toBuffer();
  const red = await picture('#f00', 300);
  const files: Record<string, Buffer> = {
    '/red.jpg': red,
    '/grey.jpg': await picture('#808080', 300),
    '/truncated.jpg': red.subarray(0, red.length - 200),
    '/huge.jpg': await picture('#fff', 1_500),
    '/page.jpg': Buffer.from('<html>'),
  };
  server = createServer((request, response) => {
    const path = request.url ?? '/';
    requested.push(path);
    const file = files[path];
    if (path === '/slow.jpg') response.write('x');
    else if (file) response.end(file);
    else response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const descriptor = imageFeatures({ encoder: artifact('encoder'), maxPixels: 2_000_000, timeoutMs: 5_000 });
  const module = await descriptor.load();
  computation = await module.createComputation({
    options: descriptor.options,
    artifactPaths: { encoder: ENCODER },
    allowedHosts: ['127.0.0.1'],
    logger: createLogger('test', { level: 'silent' }),
  });
});

beforeEach(() => {
  requested = [];
});

afterAll(async () => {
  await computation.close();
  server.closeAllConnections();
  server.close();
});

const compute = (addresses: readonly unknown[]): Promise<RowOutcome[]> =>
  computation.compute(
    addresses.map((image_url) => ({ ad_id: 'a', image_url })),
    new AbortController().signal,
  );

test('embedding, brightness and colourfulness of each picture, in the order of the rows', async () => {
  const [grey, red] = await compute([`${origin}/grey.jpg`, `${origin}/red.jpg`]);
  expect(grey).toEqual({
    values: {
      embedding: expect.any(Float32Array),
      brightness: expect.closeTo(128 / 255, 2),
      colourfulness: expect.closeTo(0, 0),
    },
  });
  expect(red).toEqual({
    // A flat red: rg = 255, yb = 127.5 everywhere, so only the means count.
    values: {
      embedding: expect.any(Float32Array),
      brightness: expect.closeTo(0.299, 2),
      colourfulness: expect.closeTo(85.5, 0),
    },
  });
  const embedding = red && 'values' in red ? (red.values['embedding'] as Float32Array) : new Float32Array();
  expect(embedding).toHaveLength(512);
  expect(
    embedding.subarray(480, 496).every((value) => value > 0.95),
    'red against green',
  ).toBe(true);
});

test('bad pictures fail their own rows, each with a readable reason', async () => {
  const names = ['red', 'missing', 'truncated', 'huge', 'slow', 'page', 'grey'];
  const outcomes = await compute([
    ...names.map((name) => `${origin}/${name}.jpg`),
    'http://elsewhere.example/a.jpg',
    null,
    7,
  ]);
  const codes = outcomes.map((outcome) => ('failure' in outcome ? outcome.failure.code : 'ok'));
  expect(codes).toEqual([
    'ok',
    'PICTURE_NOT_FOUND',
    'PICTURE_UNREADABLE',
    'PICTURE_TOO_LARGE',
    'PICTURE_TIMEOUT',
    'PICTURE_FORMAT_UNSUPPORTED',
    'ok',
    'PICTURE_HOST_NOT_ALLOWED',
    'PICTURE_URL_INVALID',
    'PICTURE_URL_INVALID',
  ]);
  for (const outcome of outcomes) {
    if (!('failure' in outcome)) continue;
    expect(outcome.failure.reason).toMatch(/^\S.{20,}\.$/);
    expect(outcome.failure.retryable).toBe(outcome.failure.code === 'PICTURE_TIMEOUT');
  }
});

test('an address that several rows share is fetched once', async () => {
  const outcomes = await compute(Array.from({ length: 5 }, () => `${origin}/red.jpg`));
  expect(requested).toEqual(['/red.jpg']);
  expect(new Set(outcomes)).toHaveLength(1);
});

test('the same picture has the same values, whatever else is in the batch', async () => {
  const [alone] = await compute([`${origin}/red.jpg`]);
  const together = await compute([`${origin}/grey.jpg`, `${origin}/red.jpg`, `${origin}/huge.jpg`]);
  expect(together[1]).toEqual(alone);
});

test('no rows, no outcomes', async () => {
  expect(await compute([])).toEqual([]);
});

test('ends when the signal is aborted, and the row says so', async () => {
  const controller = new AbortController();
  const computing = computation.compute([{ image_url: `${origin}/slow.jpg` }], controller.signal);
  await expect.poll(() => requested).toEqual(['/slow.jpg']);
  controller.abort(new Error('time is up'));
  expect(await computing).toMatchObject([{ failure: { code: 'COMPUTATION_TIMED_OUT', retryable: true } }]);
});

describe('the descriptor', () => {
  test('holds what affects values, not the limits', () => {
    const descriptor = imageFeatures({
      encoder: artifact('models/encoder'),
      column: 'picture',
      concurrency: 2,
      timeoutMs: 9,
    });
    expect(descriptor).toMatchObject({
      kind: 'image_features',
      options: { column: 'picture' },
      artifacts: { encoder: { kind: 'artifact', path: 'models/encoder' } },
    });
    expect(Object.keys(descriptor.options)).toEqual(['column']);
  });
});
