import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, onTestFinished, vi } from 'vitest';
import { startInference } from '../start-inference.ts';
import { body } from '../testing/ads.ts';
import { createHttp } from '../testing/http.ts';
import { logger, test } from '../testing/inference-test.ts';
import { openSocket } from '../testing/raw-http.ts';

const MIB = 2 ** 20;
const PREDICT = '/v1/models/ad_ctr/predict';

/** A valid prediction request of this many bytes. */
function large(bytes: number): string {
  const text = JSON.stringify(body('ad-1'));
  return ' '.repeat(bytes - text.length) + text;
}

/** Sends a body of 3 MiB but for its last byte; closes when it is answered all the same. */
function stall(url: string): Socket {
  const socket = openSocket(url);
  socket.on('error', () => {});
  socket.once('data', () => socket.destroy());
  socket.write(
    `POST ${PREDICT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${3 * MIB}\r\n\r\n`,
  );
  socket.write(large(3 * MIB).slice(1));
  return socket;
}

test('large bodies beyond the budget get 503 and Retry-After; small ones are not affected', async ({
  service,
}) => {
  const inference = await startInference({ ...service.config, bufferBytes: 4 * MIB }, logger);
  onTestFinished(() => inference.close());
  const http = createHttp(inference.url);
  expect((await http.post(PREDICT, large(3 * MIB))).status).toBe(200);

  // A probe holds three of four itself and can keep the stalled body out, or cut it: then it has to come again.
  let stalled = stall(http.url);
  await vi.waitFor(
    async () => {
      if (stalled.closed) stalled = stall(http.url);
      const refused = await http.post(PREDICT, large(3 * MIB));
      expect([refused.status, refused.body, refused.headers.get('retry-after')]).toMatchObject([
        503,
        { code: 'OVERLOADED', retryable: true },
        '1',
      ]);
      expect(stalled.closed).toBe(false);
    },
    { timeout: 60_000 },
  );
  const online = JSON.stringify({ features: ['ad_stats'], entities: [{ ad_id: 'ad-1' }] });
  const padded = ' '.repeat(MIB - online.length) + online;
  expect((await http.post(PREDICT, body('ad-1'))).status).toBe(200);
  // Three of four are held.
  expect((await http.post('/v1/features/online', padded)).status).toBe(200);
  expect((await http.post('/v1/features/online', padded)).status).toBe(200);

  stalled.destroy();
  await once(stalled, 'close');
  await vi.waitFor(async () => expect((await http.post(PREDICT, large(3 * MIB))).status).toBe(200), {
    timeout: 60_000,
  });
});

test('a body in many parts is read completely; a refused body is released', async ({ service }) => {
  const inference = await startInference({ ...service.config, bufferBytes: 9 * MIB }, logger);
  onTestFinished(() => inference.close());
  const http = createHttp(inference.url);
  const wrong = [
    [large(8 * MIB).slice(0, -1), 400],
    [`${large(8 * MIB - 9)}  {"\u00fc":1}`.slice(0, 8 * MIB - 2), 400],
    [large(8 * MIB + 1), 413],
  ] as const;
  for (const [text, status] of [...wrong, ...wrong, [large(8 * MIB), 200] as const])
    expect((await http.post(PREDICT, text)).status).toBe(status);
  const socket = openSocket(http.url);
  socket.write(
    `POST ${PREDICT} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n`,
  );
  let answer = '';
  socket.on('data', (data: Buffer) => (answer += data.toString()));
  const bytes = Buffer.from(JSON.stringify(body('ad-1')));
  for (const byte of bytes)
    socket.write(Buffer.concat([Buffer.from('1\r\n'), Buffer.of(byte), Buffer.from('\r\n')]));
  socket.write('0\r\n\r\n');
  await once(socket, 'close');
  expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
});
