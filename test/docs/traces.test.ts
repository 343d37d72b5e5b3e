import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const [, code = ''] =
  /^```js\n([^]*?)^```$/m.exec(readFileSync(join(ROOT, 'docs/guides/traces.md'), 'utf8')) ?? [];
const TRACE = '0af7651916cd43dd8448eb211c80319c';

/** As a worker does for a chunk whose run was queued by a traced request. */
const CHUNK = `
  import { inSpan } from '@larder/core/tracing';
  const traceparent = '00-${TRACE}-b7ad6b7169203331-01';
  await inSpan('larder.chunk', { traceparent, attributes: {} }, async () => {});
  setInterval(() => {}, 1_000);`;

test('spans reach a collector by the file of the guide', async () => {
  expect(readFileSync(join(import.meta.dirname, 'snippets/tracing.mjs'), 'utf8')).toBe(code);
  const received: string[] = [];
  const collector = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => (body += part));
    request.on('end', () => {
      received.push(`${request.url} ${body}`);
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  const { port } = collector.address() as AddressInfo;
  const traced = spawn(
    process.execPath,
    ['--import', './snippets/tracing.mjs', '--input-type=module', '--eval', CHUNK],
    {
      cwd: import.meta.dirname,
      env: {
        PATH: process.env['PATH'],
        OTEL_SERVICE_NAME: 'larder-worker',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_BSP_SCHEDULE_DELAY: '50',
      },
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
  onTestFinished(async () => {
    traced.kill('SIGKILL');
    if (traced.exitCode === null && traced.signalCode === null) await once(traced, 'exit');
    collector.closeAllConnections();
    collector.close();
  });
  await expect.poll(() => received.join('\n'), { timeout: 60_000 }).toContain(TRACE);
  expect(received[0]).toMatch(/^\/v1\/traces /);
  expect(received[0]).toContain('larder.chunk');
  expect(received[0]).toContain('larder-worker');
});
