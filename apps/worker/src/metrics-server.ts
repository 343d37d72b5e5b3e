import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAllowedHosts, isAddressHost, type AllowedHosts } from '@larder/access';
import { cannotListen, type LarderError } from '@larder/core';
import type { MetricsDoor } from './metrics-door.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

/** A scraper and some probes need a few; whoever holds many must not take the worker's file descriptors. */
const MAX_CONNECTIONS = 256;
const MADE_ROOM = 16;
const LIMITS = { headersTimeout: 10_000, requestTimeout: 10_000, connectionsCheckingInterval: 1_000 };

export interface MetricsServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface MetricsServerOptions {
  readonly host: string;
  readonly port: number;
  /** Hosts that requests may name, beside this machine's own. */
  readonly allowedHosts: readonly string[];
  readonly ready: () => boolean;
  readonly door: Pick<MetricsDoor, 'admit'>;
}

/**
 * Serves `/metrics`, `/health/live` and `/health/ready` for Prometheus and orchestrators, and nothing else.
 * @throws CONFIGURATION_INVALID when the port is taken
 */
export async function startMetricsServer(
  metrics: WorkerMetrics,
  { host, port, allowedHosts, ready, door }: MetricsServerOptions,
): Promise<MetricsServer> {
  const hosts = createAllowedHosts(allowedHosts);
  async function answerMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refusal = await door.admit(request);
    if (refusal !== undefined) refuse(response, refusal);
    else response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.render());
  }
  /** Connections that no request has come on yet, the oldest first. */
  const silent = new Set<Socket>();
  const server = createServer(LIMITS, (request, response) => {
    silent.delete(request.socket);
    const path = request.url?.split('?')[0] ?? '';
    if (!isForThisHost(request, path, hosts)) {
      response.writeHead(421).end();
    } else if (path === '/health/live') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"live":true}');
    } else if (path === '/health/ready') {
      const isReady = ready();
      response
        .writeHead(isReady ? 200 : 503, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ready: isReady }));
    } else if (path === '/metrics') {
      answerMetrics(request, response).catch(() => response.writeHead(500).end());
    } else {
      response.writeHead(404).end();
    }
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('connection', (socket) => {
    silent.add(socket);
    socket.once('close', () => silent.delete(socket));
  });
  server.on('drop', () => {
    // Makes room for the next one.
    server.closeIdleConnections();
    for (const oldest of [...silent].slice(0, MADE_ROOM)) oldest.destroy();
  });
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

/** A page of a browser reaches this port under a name of its own (DNS rebinding); probes come by any address. */
function isForThisHost({ headers, socket }: IncomingMessage, path: string, hosts: AllowedHosts): boolean {
  const { host } = headers;
  if (host === undefined || hosts.answersTo(host, socket.localAddress)) return true;
  return path.startsWith('/health/') && isAddressHost(host);
}

function refuse(response: ServerResponse, { status, code, retryAfterSeconds }: LarderError): void {
  if (code === 'KEY_REQUIRED') response.setHeader('www-authenticate', 'Bearer realm="larder"');
  if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
  response.writeHead(status).end();
}
