import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReadyAnswer } from '@larder/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { checkStack } from './check-stack.ts';

async function foundWith(status: number, answer: ReadyAnswer) {
  const server = createServer((_request, response) => {
    response.writeHead(status).end(JSON.stringify(answer));
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const inferenceUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stack = { pid: 7, logs: '/logs', addresses: { inferenceUrl, workerUrl: inferenceUrl } };
  const findings = await checkStack({ stack: stack as unknown as Parameters<typeof checkStack>[0]['stack'] });
  return findings[0];
}

const redis = { name: 'redis', ready: true, degraded: true, detail: 'Redis does not answer.' };

test('a stack that is ready but degraded is a warning that says why', async () => {
  expect(await foundWith(200, { status: 'ready', degraded: true, checks: [redis] })).toMatchObject({
    status: 'warn',
    detail: expect.stringContaining('redis: Redis does not answer.'),
  });
});

test('a stack that is ready is fine, one that is not fails', async () => {
  expect(await foundWith(200, { status: 'ready', degraded: false, checks: [] })).toMatchObject({
    status: 'ok',
  });
  expect(await foundWith(503, { status: 'not_ready', degraded: true, checks: [] })).toMatchObject({
    status: 'fail',
  });
});
