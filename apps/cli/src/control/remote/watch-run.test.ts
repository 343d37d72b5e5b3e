import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Run } from '@larder/contracts';
import { expect, onTestFinished, test } from 'vitest';
import { createServiceClient } from './service-client.ts';
import { watchRun } from './watch-run.ts';

test('a run is asked for instead where its events are never answered', async () => {
  const server = createServer(() => {});
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const finished = { run_id: 'r', finished_at: '2026-11-20T09:30:02.000Z' } as Run;
  const seen: Run[] = [];
  for await (const run of watchRun(createServiceClient({ url, apiKey: null }), {
    id: 'r',
    get: async () => finished,
    signal: AbortSignal.timeout(20_000),
    silenceMs: 100,
  }))
    seen.push(run);
  expect(seen).toEqual([finished]);
});
