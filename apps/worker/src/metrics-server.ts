import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cannotListen } from '@larder/core';
import type { MetricsDoor } from './metrics-door.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/metrics`, `/health/live` and `/health/ready` for Prometheus and orchestrators, and nothing else.
 * @throws CONFIGURATION_INVALID when the port is taken
 */
export async function startMetricsServer(
  metrics: WorkerMetrics,
  options: {
    readonly host: string;
    readonly port: number;
    readonly ready: () => boolean;
    readonly door: Pick<MetricsDoor, 'admit'>;
  },
): Promise<MetricsServer> {
  const answerMetrics = async (request: IncomingMessage) => {
    const status = await options.door.admit(request);
    if (status !== 200)
      return {
        status,
        text: '',
        headers: status === 401 ? { 'www-authenticate': 'Bearer realm="larder"' } : {},
      };
    return { status, text: await metrics.render(), headers: { 'content-type': metrics.contentType } };
  };
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/health/live') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"live":true}');
    } else if (path === '/health/ready') {
      const ready = options.ready();
      response
        .writeHead(ready ? 200 : 503, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ready }));
    } else if (path === '/metrics') {
      answerMetrics(request).then(
        ({ status, text, headers }) => response.writeHead(status, headers).end(text),
        () => response.writeHead(500).end(),
      );
    } else {
      response.writeHead(404).end();
    }
  });
  const { host, port } = options;
  server.listen(port, host);
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw cannotListen({ host, port, setting: 'LARDER_WORKER_METRICS_PORT' }, error);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
