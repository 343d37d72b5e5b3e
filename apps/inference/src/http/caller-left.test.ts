import { once } from 'node:events';
import { expect, vi } from 'vitest';
import { test, type Service } from '../testing/inference-test.ts';
import { openSocket } from '../testing/raw-http.ts';

/** Sends half of a body and disconnects. */
async function abort(service: Service, path: string): Promise<void> {
  const socket = openSocket(service.http.url);
  await once(socket, 'connect');
  socket.write(
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"entities"`,
  );
  // An answer on a connection that was opened later: the half body has arrived.
  await service.http.get('/health/live');
  socket.destroy();
  await once(socket, 'close');
}

async function counted(service: Service, route: string): Promise<Record<string, number>> {
  const { text } = await service.http.get('/metrics');
  const line = /^larder_http_requests_total\{route="([^"]+)",method="POST",status="(\d+)"\} (\d+)$/gm;
  return Object.fromEntries(
    [...text.matchAll(line)]
      .filter(([, pattern]) => pattern === route)
      .map(([, , status = '', count]) => [status, Number(count)]),
  );
}

test.for([
  ['/v1/models/ad_ctr/predict', '/v1/models/{model}/predict'],
  ['/v1/backfills', '/v1/backfills'],
  ['/v1/views/ad_stats/push', '/v1/views/{view}/push'],
] as const)(
  'an upload to %s that its caller aborts counts as 499, and as nothing else',
  async ([path, route], { service }) => {
    const before = await counted(service, route);
    await abort(service, path);
    await vi.waitFor(
      async () => expect(await counted(service, route)).toEqual({ ...before, 499: (before[499] ?? 0) + 1 }),
      { timeout: 60_000 },
    );
  },
);
