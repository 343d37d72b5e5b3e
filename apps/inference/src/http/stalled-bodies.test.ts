import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import { createHttpServer } from '../create-server.ts';
import { logger, test } from '../testing/inference-test.ts';
import { openSocket } from '../testing/raw-http.ts';
import { createBodyRoom } from './body-room.ts';
import { createFailureLog } from './failure-log.ts';
import { sendProblem } from './problem.ts';
import { readBody } from './read-body.ts';

const LIMIT = 1_000_000;

async function start() {
  const failures = createFailureLog({ logger });
  const bodies = createBodyRoom(LIMIT, 100);
  const server = createHttpServer(
    (request, response) =>
      void readBody(request, { limitBytes: LIMIT, bodies })
        .then(
          () => response.end('read'),
          (error: unknown) => sendProblem(response, error, { requestId: 'id', failures }),
        )
        .finally(() => bodies.release(request)),
    { failures, guard: null, allowedHosts: [], maxConnections: 100 },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  /** A body without its last `missing` bytes. */
  function send(bytes: number, missing: number) {
    const socket = openSocket(url);
    let answer = '';
    socket.on('data', (data: Buffer) => (answer += data.toString()));
    socket.write(
      `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${bytes}\r\n\r\n`,
    );
    socket.write(' '.repeat(bytes - missing));
    return { answer: () => answer, rest: () => socket.write(' '.repeat(missing)) };
  }
  return { url, bodies, send };
}

test('a stalled body is cut with 408 when another one needs its room, oldest first and no more than needed', async () => {
  const { url, bodies, send } = await start();
  const first = send(500_000, 1);
  await expect.poll(() => bodies.heldBytes).toBe(499_999);
  const second = send(450_000, 1);
  await expect.poll(() => bodies.heldBytes).toBe(949_998);
  expect(first.answer() + second.answer()).toBe('');

  await vi.waitFor(
    async () => {
      const honest = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: ' '.repeat(200_000),
      });
      expect(honest.status).toBe(200);
    },
    { timeout: 60_000 },
  );
  await expect.poll(first.answer).toMatch(/^HTTP\/1\.1 408 [^]*"code":"REQUEST_TIMED_OUT"/);
  expect(bodies.heldBytes).toBe(449_999);
  second.rest();
  await expect.poll(second.answer).toMatch(/^HTTP\/1\.1 200 [^]*read$/);
  expect(bodies.heldBytes).toBe(0);
});

test('a body that has arrived is not cut, however long its request takes', async () => {
  const bodies = createBodyRoom(LIMIT, 0);
  const request = {};
  let cuts = 0;
  bodies.hold(request, LIMIT, () => (cuts += 1));
  bodies.arrived(request);
  expect(bodies.hold({}, 1, () => {})).toBe(false);
  expect(cuts).toBe(0);
});
