import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOutbound, OutboundError, type Validators } from './index.ts';

let answer: (request: IncomingMessage, response: ServerResponse) => void;
let server: Server;
let origin: string;
let requests: IncomingMessage[] = [];
const outbound = createOutbound({ allowedHosts: ['127.0.0.1'] });
const { signal } = new AbortController();
const TAGGED: Validators = { etag: '"v1"', lastModified: null };
const LONG_AGO = 'Wed, 04 Mar 2026 10:00:00 GMT';

beforeAll(async () => {
  server = createServer({ maxHeaderSize: 64 * 1024 }, (request, response) => {
    requests.push(request);
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  outbound.close();
  server.closeAllConnections();
  server.close();
});

async function fetched(validators: Validators | null, path = '/'): Promise<unknown> {
  requests = [];
  try {
    const found = await outbound.fetchChanged(origin + path, {
      accept: '*/*',
      timeoutMs: 5_000,
      maxBytes: 1_000,
      signal,
      validators,
    });
    return found === 'unchanged' ? found : { bytes: found.bytes.toString(), validators: found.validators };
  } catch (error) {
    if (error instanceof OutboundError) return error.reason;
    throw error;
  }
}

const sends = (headers: Record<string, string>) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(200, headers).end('picture');

test('a host that knows the validators answers without the bytes, on a connection that is reused', async () => {
  answer = ({ headers }, response) => {
    if (headers['if-none-match'] === '"v1"') response.writeHead(304, { etag: 'W/"v1"' }).end();
    else response.writeHead(200, { etag: '"v1"' }).end('picture');
  };
  expect(await fetched(null)).toEqual({ bytes: 'picture', validators: TAGGED });
  const { socket } = requests[0] as IncomingMessage;
  expect(await fetched(TAGGED)).toBe('unchanged');
  expect(requests.map((request) => request.socket)).toEqual([socket]);
  answer = ({ headers }, response) =>
    void response.writeHead(headers['if-modified-since'] === LONG_AGO ? 304 : 200).end();
  expect(await fetched({ etag: null, lastModified: LONG_AGO })).toBe('unchanged');
});

test.each([
  ['a strong tag', { etag: '"a"' }, { etag: '"a"', lastModified: null }],
  ['a weak tag', { etag: 'W/"a"' }, { etag: 'W/"a"', lastModified: null }],
  ['a date', { 'last-modified': LONG_AGO }, { etag: null, lastModified: LONG_AGO }],
  ['a tag without quotes', { etag: 'abc' }, null],
  ['a tag of 10 KB', { etag: `"${'x'.repeat(10_000)}"` }, null],
  ['a tag with bytes beyond ASCII', { etag: '"\xe9"' }, null],
  ['a date that is now', { 'last-modified': new Date().toUTCString() }, null],
  ['a date in the future', { 'last-modified': 'Tue, 04 Mar 2121 10:00:00 GMT' }, null],
  ['a date in words', { 'last-modified': 'yesterday' }, null],
  ['no-store', { etag: '"a"', 'cache-control': 'private, no-store' }, null],
])('of an answer with %s', async (_, headers, validators) => {
  answer = sends(headers);
  expect(await fetched(null)).toEqual({ bytes: 'picture', validators });
});

test('a tag of 10 MB fails like any header that is too large', async () => {
  answer = (_, response) => {
    response.socket?.on('error', () => {});
    response.socket?.write(`HTTP/1.1 200 OK\r\nETag: "${'x'.repeat(10 * 1024 ** 2)}"\r\n\r\n`);
  };
  expect(await fetched(null)).toBe('answer_invalid');
});

test('304 without being asked is refused', async () => {
  answer = (_, response) => void response.writeHead(304).end();
  expect(await fetched(null)).toBe('refused');
});

test('304 for another tag than the one asked about is not believed: the bytes are fetched', async () => {
  answer = ({ headers }, response) => {
    if (headers['if-none-match'] === undefined) response.writeHead(200, { etag: '"v2"' }).end('picture');
    else response.writeHead(304, { etag: '"v2"' }).end();
  };
  expect(await fetched(TAGGED)).toMatchObject({ bytes: 'picture', validators: { etag: '"v2"' } });
  expect(requests).toHaveLength(2);
});

test('the target of a redirect gets no validators and gives none', async () => {
  answer = ({ url }, response) => {
    if (url === '/moved') response.writeHead(302, { location: '/', etag: '"v1"' }).end();
    else response.writeHead(200, { etag: '"v1"' }).end('picture');
  };
  expect(await fetched(TAGGED, '/moved')).toEqual({ bytes: 'picture', validators: null });
  expect(requests.map(({ headers }) => headers['if-none-match'])).toEqual(['"v1"', undefined]);
  answer = ({ url }, response) => {
    if (url === '/moved') response.writeHead(302, { location: '/' }).end();
    else response.writeHead(304).end();
  };
  expect(await fetched(TAGGED, '/moved')).toBe('refused');
});
