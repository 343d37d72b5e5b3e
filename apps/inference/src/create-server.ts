import { createServer, type RequestListener, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { LarderError, newId } from '@larder/core';
import { problemOf } from './http/problem.ts';
import type { RawHandler } from './predict/predict.handler.ts';

/** Longer than balancers keep an idle connection (60 s), so that they close it and never meet a closed one. */
const KEEP_ALIVE_MS = 75_000;
/** For a whole request to arrive. */
const REQUEST_TIMEOUT_MS = 30_000;

/** The predict routes on node:http, everything else on Express. */
export function predictFirst(predict: RawHandler, app: RequestListener): RequestListener {
  return (request, response) => {
    if (!predict(request, response)) app(request, response);
  };
}

export function createHttpServer(listener: RequestListener): Server {
  const timeouts = {
    keepAliveTimeout: KEEP_ALIVE_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: 5_000,
  };
  const server = createServer(timeouts, listener);
  server.on('clientError', refuseBroken);
  return server;
}

/** What is no HTTP at all, or did not arrive in time. */
function refuseBroken(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const requestId = newId();
  const body = JSON.stringify(
    problemOf(new LarderError('REQUEST_MALFORMED', 'This is no complete HTTP request.'), requestId),
  );
  const head = [
    'HTTP/1.1 400 Bad Request',
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${requestId}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

const DRAIN_INTERVAL_MS = 50;

/** Takes no new connection, lets running requests end, and cuts what is left after `deadlineMs`. */
export async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // a connection becomes idle when its running answer is done
  const drain = setInterval(() => server.closeIdleConnections(), DRAIN_INTERVAL_MS);
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearInterval(drain);
  clearTimeout(cut);
}
