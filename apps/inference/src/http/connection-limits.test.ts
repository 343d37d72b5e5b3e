import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createHttpServer, type HttpServerOptions } from '../create-server.ts';
import { logger } from '../testing/inference-test.ts';
import { openSocket } from '../testing/raw-http.ts';
import { createFailureLog } from './failure-log.ts';

const GET = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** A server that holds its requests until the test ends `answers`. */
async function open(options: Partial<HttpServerOptions> = {}) {
  const answers: ServerResponse[] = [];
  const server = createHttpServer((_request, response) => void answers.push(response), {
    guard: null,
    failures: createFailureLog({ logger }),
    allowedHosts: [],
    maxConnections: 100,
    ...options,
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask = (requests: number) => {
    const socket = openSocket(url);
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.on('data', (data: Buffer) => (text += data.toString()));
    socket.write(GET.repeat(requests));
    return {
      socket,
      text: () => text,
      statuses: () => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status)),
    };
  };
  const arrived = (count: number) =>
    vi.waitFor(() => expect(answers).toHaveLength(count), { timeout: 60_000 });
  return { server, answers, ask, arrived };
}

const closed = (socket: Socket) => vi.waitFor(() => expect(socket.closed).toBe(true), { timeout: 60_000 });

test('a connection has 64 requests in flight; the next one is its last answer', async () => {
  const { answers, ask, arrived } = await open({ maxConnections: 2_000 });
  const { socket, text, statuses } = ask(1_000);
  await arrived(64);
  for (const answer of answers) answer.end('done\n');
  await closed(socket);
  expect(statuses()).toEqual([...Array.from({ length: 64 }, () => 200), 503]);
  expect(text()).toContain('"code":"OVERLOADED"');
  expect(answers).toHaveLength(64);
});

test('64 at a time are answered without limit', async () => {
  const { answers, ask, arrived } = await open();
  const { socket, statuses } = ask(64);
  for (let round = 1; round <= 3; round++) {
    await arrived(64 * round);
    for (const answer of answers.slice(-64)) answer.end('done\n');
    await vi.waitFor(() => expect(statuses()).toHaveLength(64 * round), { timeout: 60_000 });
    socket.write(GET.repeat(64));
  }
  expect(new Set(statuses())).toEqual(new Set([200]));
});

test('with too many in flight the connection with most of them is cut, and one at a time is never refused', async () => {
  const { answers, ask, arrived } = await open({ maxConnections: 40 });
  const few = ask(10);
  await arrived(10);
  const most = ask(25);
  await arrived(35);
  const single = Array.from({ length: 8 }, () => ask(1));
  await closed(most.socket);
  await arrived(43);
  for (const answer of answers) answer.end('done\n');
  await vi.waitFor(
    () => {
      expect(few.statuses()).toHaveLength(10);
      for (const { statuses } of single) expect(statuses()).toEqual([200]);
    },
    { timeout: 60_000 },
  );
});

test('a connection beyond the limit is refused, and idle ones make room', async () => {
  const { answers, ask, arrived, server } = await open({ maxConnections: 3 });
  const busy = ask(1);
  await arrived(1);
  const idle = [ask(1), ask(1)];
  await arrived(3);
  for (const answer of answers.slice(1)) answer.end('done\n');
  for (const { statuses } of idle)
    await vi.waitFor(() => expect(statuses()).toEqual([200]), { timeout: 60_000 });
  const dropped = once(server, 'drop');
  const refused = ask(1);
  await dropped;
  await closed(refused.socket);
  for (const { socket } of idle) await closed(socket);
  ask(1);
  await arrived(4);
  expect(busy.socket.closed).toBe(false);
});

test('an answer that nobody reads is cut; one that starts late is not', async () => {
  const { answers, ask, arrived } = await open({ stallTimeoutMs: 200 });
  const slow = ask(1);
  await arrived(1);
  const unread = ask(1);
  unread.socket.pause();
  await arrived(2);
  const gone = once(answers[1] as ServerResponse, 'close');
  answers[1]?.end(Buffer.alloc(64 * 2 ** 20));
  await gone;
  expect(answers[1]?.writableFinished).toBe(false);
  answers[0]?.end('done\n');
  await vi.waitFor(() => expect(slow.statuses()).toEqual([200]), { timeout: 60_000 });
});

test('every answer of a closed connection emits close, including those that were waiting', async () => {
  const { answers, ask, arrived } = await open();
  const { socket } = ask(3);
  await arrived(3);
  const ends = answers.map((answer) => once(answer, 'close'));
  socket.destroy();
  await Promise.all(ends);
  expect(answers.map(({ destroyed }) => destroyed)).toEqual([true, true, true]);
});

const CLOSES = /^connection: close\r$/gim;

test('once connections end, the answers in flight and the later ones are the last of theirs', async () => {
  const { server, answers, ask, arrived } = await open();
  const before = ask(1);
  await arrived(1);
  server.endConnections();
  const after = ask(1);
  await arrived(2);
  for (const answer of answers) answer.end('done\n');
  for (const { socket, statuses, text } of [before, after]) {
    await closed(socket);
    expect(statuses()).toEqual([200]);
    expect(text().match(CLOSES)).toHaveLength(1);
  }
});

test('of pipelined requests only the last answer ends the connection', async () => {
  const { server, answers, ask, arrived } = await open();
  const before = ask(3);
  await arrived(3);
  server.endConnections();
  const after = ask(3);
  await arrived(6);
  before.socket.write(GET);
  await arrived(7);
  for (const answer of answers) answer.end('done\n');
  for (const [{ socket, statuses, text }, count] of [
    [before, 4],
    [after, 3],
  ] as const) {
    await closed(socket);
    expect(statuses()).toEqual(Array.from({ length: count }, () => 200));
    expect(text().match(CLOSES)).toHaveLength(1);
    expect(text().lastIndexOf('HTTP/1.1 200')).toBeLessThan(
      text().toLowerCase().indexOf('connection: close'),
    );
  }
});

test('a request that comes behind a last answer is not carried out', async () => {
  const { server, answers, ask, arrived } = await open();
  server.endConnections();
  const { socket, statuses, text } = ask(1);
  await arrived(1);
  answers[0]?.write('half');
  await expect.poll(text).toContain('half');
  const second = once(server, 'request');
  socket.write(GET);
  await second;
  answers[0]?.end('done\n');
  await closed(socket);
  expect(statuses()).toEqual([200]);
  expect(answers).toHaveLength(1);
});
