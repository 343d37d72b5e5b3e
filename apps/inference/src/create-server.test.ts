import { connect } from 'node:net';
import { once } from 'node:events';
import { problemSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { test } from './testing/inference-test.ts';

test('what is no HTTP gets a problem and the end of its connection', async ({ service }) => {
  const { hostname, port } = new URL(service.http.url);
  const socket = connect({ host: hostname, port: Number(port) });
  let text = '';
  socket.on('data', (data: Buffer) => (text += data.toString()));
  socket.write('hello\r\n\r\n');
  await once(socket, 'close');
  const [head = '', body = ''] = text.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 400 /);
  expect(problemSchema.parse(JSON.parse(body)).code).toBe('REQUEST_MALFORMED');
});

test('a caller that leaves in the middle of its body harms nobody', async ({ service }) => {
  const { hostname, port } = new URL(service.http.url);
  const socket = connect({ host: hostname, port: Number(port) });
  await once(socket, 'connect');
  socket.write(
    'POST /v1/models/ad_ctr/predict HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"entities"',
  );
  socket.destroy();
  await once(socket, 'close');
  expect((await service.http.get('/health/live')).status).toBe(200);
});
