import { once } from 'node:events';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { problemSchema } from '@larder/contracts';
import { expect, onTestFinished } from 'vitest';
import { createHttpServer } from './create-server.ts';
import { createBodyRoom } from './http/body-room.ts';
import { createFailureLog } from './http/failure-log.ts';
import { readBody } from './http/read-body.ts';
import { DATA_HEADERS } from './http/security-headers.ts';
import { logger, test } from './testing/inference-test.ts';
import { answerOn, openSocket } from './testing/raw-http.ts';

const PREDICT = 'POST /v1/models/ad_ctr/predict HTTP/1.1\r\n';

async function problemOn(socket: Socket): Promise<string> {
  const { status, headers, body } = await answerOn(socket);
  const problem = problemSchema.parse(JSON.parse(body));
  expect(problem.status).toBe(status);
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('x-request-id')).toBe(problem.request_id);
  for (const [name, value] of Object.entries(DATA_HEADERS)) expect(headers.get(name)).toBe(value);
  return `${status} ${problem.code}`;
}

test.for([
  ['no HTTP at all', 'hello\r\n\r\n', '400 REQUEST_MALFORMED'],
  ['another version of HTTP', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '400 REQUEST_MALFORMED'],
  ['no Host', 'GET /health/live HTTP/1.1\r\n\r\n', '400 REQUEST_MALFORMED'],
  ['no Host, to predict', `${PREDICT}content-length: 0\r\n\r\n`, '400 REQUEST_MALFORMED'],
  [
    'headers beyond 16 KiB',
    `GET / HTTP/1.1\r\nhost: localhost\r\nx-more: ${'x'.repeat(17_000)}\r\n\r\n`,
    '431 HEADERS_TOO_LARGE',
  ],
  ['an address beyond 16 KiB', `GET /${'x'.repeat(17_000)} HTTP/1.1\r\n\r\n`, '431 HEADERS_TOO_LARGE'],
  [
    'an unknown expectation',
    'GET /health/live HTTP/1.1\r\nhost: localhost\r\nexpect: 200-maybe\r\n\r\n',
    '417 EXPECTATION_UNSUPPORTED',
  ],
  [
    'a broken chunk',
    `${PREDICT}host: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n`,
    '400 REQUEST_MALFORMED',
  ],
] as const)('%s gets one problem and the end of its connection', async ([, sent, problem], { service }) => {
  const socket = openSocket(service.http.url);
  socket.write(sent);
  expect(await problemOn(socket)).toBe(problem);
});

test('an expected 100-continue and HTTP/1.0 without Host are answered', async ({ service }) => {
  const waiting = openSocket(service.http.url);
  waiting.write(
    'GET /health/live HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n',
  );
  expect(await answerOn(waiting)).toMatchObject({ status: 100, body: expect.stringContaining('200 OK') });
  const old = openSocket(service.http.url);
  old.write('GET /health/live HTTP/1.0\r\n\r\n');
  expect((await answerOn(old)).status).toBe(200);
});

test.for([
  ['headers', 'GET / HTTP/1.1\r\nhost: localhost\r\n'],
  ['a body', 'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\n12'],
] as const)('%s that do not arrive in time', async ([, sent]) => {
  const failures = createFailureLog({ logger });
  const limits = { requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 };
  const server = createHttpServer(() => {}, {
    failures,
    guard: null,
    allowedHosts: [],
    maxConnections: 100,
    limits,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const socket = openSocket(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  socket.write(sent);
  expect(await problemOn(socket)).toBe('408 REQUEST_TIMED_OUT');
});

test('a caller that keeps its side open after a timeout is cut off as well', async () => {
  const failures = createFailureLog({ logger });
  const limits = { requestTimeout: 100, headersTimeout: 100, connectionsCheckingInterval: 20 };
  const bodies = createBodyRoom(2 ** 20);
  const server = createHttpServer(
    (request) => void readBody(request, { limitBytes: 2 ** 20, bodies }).catch(() => {}),
    { failures, guard: null, allowedHosts: [], maxConnections: 100, limits },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  // Writing after the server has closed is a separate error.
  socket.on('error', () => {});
  socket.write(
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500000\r\n\r\n',
  );
  socket.write(' '.repeat(400_000));
  let answer = '';
  socket.on('data', (data) => (answer += data.toString()));
  await expect.poll(() => bodies.heldBytes).toBe(400_000);
  await once(socket, 'end');
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  await expect.poll(() => bodies.heldBytes).toBe(0);
  const closed = once(server, 'close');
  server.close();
  await closed;
  socket.destroy();
});

test('a caller that leaves in the middle of its body does not affect others', async ({ service }) => {
  const socket = openSocket(service.http.url);
  await once(socket, 'connect');
  socket.write(
    `${PREDICT}host: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"entities"`,
  );
  socket.destroy();
  await once(socket, 'close');
  expect((await service.http.get('/health/live')).status).toBe(200);
});
