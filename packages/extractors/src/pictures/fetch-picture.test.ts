import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createOutbound, type OutboundOptions } from '@larder/outbound';
import { fetchPicture, type FetchPictureOptions } from './fetch-picture.ts';

let server: Server;
let origin: string;
let answer: RequestListener;

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => server.closeAllConnections());
afterAll(() => server.close());

type Options = Partial<FetchPictureOptions & OutboundOptions>;

async function get(address: string, { allowedHosts = ['127.0.0.1'], lookup, ...options }: Options = {}) {
  const outbound = createOutbound({ allowedHosts, ...(lookup && { lookup }) });
  try {
    const { signal } = new AbortController();
    const limits = { timeoutMs: 5_000, maxBytes: 1_000, validators: null };
    const fetched = await fetchPicture(outbound, address, { ...limits, signal, ...options });
    return fetched === 'unchanged' ? fetched : fetched.bytes;
  } finally {
    outbound.close();
  }
}

test('returns the bytes', async () => {
  answer = (_, response) => response.end(Buffer.of(1, 2, 3));
  expect(await get(`${origin}/a.jpg`)).toEqual(Buffer.of(1, 2, 3));
});

describe('hosts', () => {
  test('are allowed by name, or by name and port', async () => {
    answer = (_, response) => response.end('x');
    await get(origin, { allowedHosts: [new URL(origin).host] });
    await expect(get(origin, { allowedHosts: ['127.0.0.1:1', 'localhost'] })).rejects.toMatchObject({
      code: 'PICTURE_HOST_NOT_ALLOWED',
      message: `${new URL(origin).host} is not among the project's allowedHosts; add it there, or fix the address in the source.`,
    });
  });

  test.each([
    'http://127.0.0.1.evil.example/',
    'http://evil.example/127.0.0.1',
    'http://evil.example?127.0.0.1',
  ])('are compared whole: %s', async (address) => {
    await expect(get(address)).rejects.toMatchObject({ code: 'PICTURE_HOST_NOT_ALLOWED' });
  });

  test.each([
    'file:///etc/passwd',
    'ftp://127.0.0.1/a.jpg',
    'a.jpg',
    '//127.0.0.1/a.jpg',
    'http://user:secret@127.0.0.1/',
  ])('need http or https: %s', async (address) => {
    await expect(get(address)).rejects.toMatchObject({ code: 'PICTURE_URL_INVALID' });
  });
});

test.each([
  [404, 'PICTURE_NOT_FOUND', 'there is no picture'],
  [410, 'PICTURE_NOT_FOUND', 'there is no picture'],
  [403, 'PICTURE_REFUSED', 'answers 403 instead'],
  [204, 'PICTURE_REFUSED', 'answers 204 instead'],
  [429, 'PICTURE_UNAVAILABLE', 'try again later'],
  [503, 'PICTURE_UNAVAILABLE', 'try again later'],
])('status %d is %s', async (status, code, message) => {
  answer = (_, response) => response.writeHead(status).end();
  await expect(get(`${origin}/a.jpg?signature=secret`)).rejects.toMatchObject({
    code,
    message: expect.stringMatching(new RegExp(`^${origin}/a\\.jpg (?!.*secret).*${message}`)),
  });
});

describe('too large', () => {
  test('is refused by its announced length, before it is sent', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-length': 1_001 }).flushHeaders();
    await expect(get(origin)).rejects.toMatchObject({ code: 'PICTURE_TOO_LARGE' });
  });

  test('is refused while it streams, and the connection is closed', async () => {
    const closed = Promise.withResolvers<void>();
    answer = (_, response) => {
      response.on('close', closed.resolve);
      const write = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(500)));
        if (!response.destroyed) response.once('drain', write);
      };
      write();
    };
    await expect(get(origin)).rejects.toMatchObject({ code: 'PICTURE_TOO_LARGE' });
    await closed.promise;
  });

  test('exactly the limit is not', async () => {
    answer = (_, response) => response.end(Buffer.alloc(1_000));
    expect(await get(origin)).toHaveLength(1_000);
  });
});

describe('slow', () => {
  test.each([
    ['no answer at all', (): void => {}],
    ['an answer that never ends', (_: unknown, response) => void response.write('x')],
  ] satisfies [string, RequestListener][])('%s', async (_, listener) => {
    answer = listener;
    await expect(get(origin, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'PICTURE_TIMEOUT',
      message: expect.stringContaining('did not arrive within 50 ms'),
    });
  });
});

test('no server', async () => {
  await expect(get('http://127.0.0.1:1/a.jpg')).rejects.toMatchObject({
    code: 'PICTURE_UNAVAILABLE',
    message: expect.stringMatching(/^127\.0\.0\.1:1 cannot be reached \(.+\); try again later\.$/),
  });
});

test('a connection that breaks in the middle', async () => {
  answer = (_, response) => {
    response.writeHead(200, { 'content-length': 500 });
    response.write('x', () => response.destroy());
  };
  await expect(get(origin)).rejects.toMatchObject({ code: 'PICTURE_UNAVAILABLE' });
});

describe('the failure says', () => {
  const lookup: OutboundOptions['lookup'] = (_, __, callback) =>
    callback(null, [{ address: '10.0.0.1', family: 4 }]);
  const leadsTo =
    (location: string): RequestListener =>
    (_, response) =>
      response.writeHead(302, { location }).end();
  const elsewhere = 'put the final address into the source.';

  test('a name that resolves to a private address', async () => {
    await expect(get('http://cdn.example.com/', { allowedHosts: ['*'], lookup })).rejects.toMatchObject({
      code: 'PICTURE_ADDRESS_PRIVATE',
      message:
        'cdn.example.com resolves to 10.0.0.1, which is not a public address; serve the picture from one, or add the ' +
        "address itself to the project's allowedHosts.",
    });
  });

  test.each([
    ['file:///a', 'PICTURE_URL_INVALID', /^http:\/\/127.*\/a\.jpg redirects to something other than an http/],
    ['http://[', 'PICTURE_REDIRECTED', /^http:\/\/127.*\/a\.jpg redirects without saying where/],
    ['/a.jpg', 'PICTURE_REDIRECTED', /^http:\/\/127.*\/a\.jpg redirects more than 3 times/],
  ])('a redirect to %s', async (location, code, message) => {
    answer = leadsTo(location);
    const failure: unknown = await get(`${origin}/a.jpg?key=secret`).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(failure).toHaveProperty('message', expect.stringMatching(new RegExp(`; ${elsewhere}$`)));
  });

  test('a compressed body', async () => {
    answer = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    await expect(get(`${origin}/a.jpg`)).rejects.toMatchObject({
      code: 'PICTURE_ANSWER_INVALID',
      message: `${origin}/a.jpg is compressed, though that was not requested; serve the picture without Content-Encoding.`,
    });
  });

  test('another protocol', async () => {
    answer = (_, response) => response.writeHead(101, { upgrade: 'x', connection: 'upgrade' }).end();
    await expect(get(`${origin}/a.jpg`)).rejects.toMatchObject({
      code: 'PICTURE_ANSWER_INVALID',
      message: `${origin}/a.jpg answers in a protocol other than HTTP; fix the host.`,
    });
  });
});

test('aborting the computation is not a failure of the picture', async () => {
  const controller = new AbortController();
  answer = () => controller.abort(new Error('the chunk was taken away'));
  await expect(get(origin, { signal: controller.signal })).rejects.toThrow('the chunk was taken away');
});
