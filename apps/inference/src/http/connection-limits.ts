/* Hot path of every request: two counters and one listener. A timeout per request would cost more: a sweep sets it only
 * where an answer waits. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { LarderError } from '@larder/core';
import { overloaded } from './byte-budget.ts';

export interface ConnectionLimitOptions {
  readonly maxConnections: number;
  /** How long a connection may read nothing of what is written to it. @default 30,000 */
  readonly stallTimeoutMs?: number;
}

export interface ConnectionLimits {
  /** `answer`: continue. `ignore`: the connection ends; do nothing. Otherwise the problem to answer with, as the last answer on the connection. */
  admit(request: IncomingMessage, response: ServerResponse): 'answer' | 'ignore' | LarderError;
  /** From now on the newest answer of every connection says `Connection: close`, so that callers open the next one elsewhere. */
  endConnections(): void;
}

/** HTTP clients that pipeline at all send a dozen requests ahead. */
const MAX_IN_FLIGHT = 64;
const STALL_TIMEOUT_MS = 30_000;
const EVICTION_INTERVAL_MS = 1_000;
const SWEEPS_PER_STALL = 6;

/** State of a connection; `inFlight`: requests whose answers the operating system has not taken yet. */
interface Connection {
  inFlight: number;
  used: boolean;
  ending: boolean;
  /** The answer to the newest request; null: every request is answered. */
  newest: ServerResponse | null;
  /** Answers that wait for earlier ones. */
  readonly queued: Set<ServerResponse>;
}

const CONNECTION = Symbol('connection');
type KnownSocket = Socket & { [CONNECTION]?: Connection };

/**
 * Limits what untrusted callers can make the process hold: connections, requests in flight on one connection and in
 * total, and the time that answers wait unread. When more requests are in flight than connections are allowed, the
 * connection that pipelines most is cut, so that callers with one request each are never refused because of it.
 */
export function limitConnections(server: Server, options: ConnectionLimitOptions): ConnectionLimits {
  const { maxConnections, stallTimeoutMs = STALL_TIMEOUT_MS } = options;
  const connections = new Set<KnownSocket>();
  const pipelining = new Map<Socket, Connection>();
  let inFlight = 0;
  let evictedAtMs = 0;
  let draining = false;

  server.maxConnections = maxConnections;
  server.on('drop', () => {
    const nowMs = performance.now();
    if (nowMs - evictedAtMs < EVICTION_INTERVAL_MS) return;
    evictedAtMs = nowMs;
    // Makes room for the next one.
    server.closeIdleConnections();
  });

  server.on('connection', (socket: KnownSocket) => {
    const connection: Connection = {
      inFlight: 0,
      used: false,
      ending: false,
      newest: null,
      queued: new Set(),
    };
    socket[CONNECTION] = connection;
    connections.add(socket);
    socket.once('close', () => {
      connections.delete(socket);
      inFlight -= connection.inFlight;
      connection.inFlight = 0;
      pipelining.delete(socket);
      // node:http emits no event for answers that were still waiting.
      for (const response of connection.queued) if (!response.closed) response.emit('close');
    });
  });

  // node:http restarts the timeout with every part that the operating system takes.
  const sweep = setInterval(() => {
    for (const socket of connections)
      if (socket.writableLength > 0 && socket.timeout !== stallTimeoutMs) socket.setTimeout(stallTimeoutMs);
  }, stallTimeoutMs / SWEEPS_PER_STALL).unref();
  server.on('close', () => clearInterval(sweep));
  server.on('timeout', (socket: KnownSocket) => {
    const { used = false, inFlight: waiting = 0 } = socket[CONNECTION] ?? {};
    // Requests that arrive late and answers that are being computed have timeouts of their own.
    const isIdle = used && waiting === 0;
    if (isIdle || socket.writableLength > 0) socket.destroy();
  });

  function finished(this: ServerResponse): void {
    const { socket } = this.req as { socket: KnownSocket };
    const connection = socket[CONNECTION];
    if (connection === undefined || connection.inFlight === 0) return;
    inFlight -= 1;
    connection.inFlight -= 1;
    connection.queued.delete(this);
    if (connection.newest === this) connection.newest = null;
    if (connection.inFlight < 2) pipelining.delete(socket);
  }

  function cutGreediest(): void {
    let greediest: [Socket, Connection] | undefined;
    for (const entry of pipelining)
      if (greediest === undefined || entry[1].inFlight > greediest[1].inFlight) greediest = entry;
    if (greediest === undefined) return;
    const [socket, connection] = greediest;
    connection.ending = true;
    pipelining.delete(socket);
    socket.destroy();
  }

  /**
   * Makes an answer the last one of its connection, and the one before it no longer so: node:http drops the requests that
   * are pipelined behind a last answer, although they may have been carried out. False: that answer is on its way.
   */
  function makeLast(response: ServerResponse, before: ServerResponse | null): boolean {
    if (before !== null && !before.shouldKeepAlive) {
      if (before.headersSent) return false;
      before.shouldKeepAlive = true;
    }
    response.shouldKeepAlive = false;
    return true;
  }

  return {
    admit(request, response) {
      const socket = request.socket as KnownSocket;
      const connection = socket[CONNECTION];
      if (connection === undefined || socket.destroyed) return 'ignore';
      inFlight += 1;
      connection.inFlight += 1;
      connection.used = true;
      response.on('finish', finished);
      if (connection.inFlight > 1) {
        connection.queued.add(response);
        pipelining.set(socket, connection);
      }
      if (inFlight > maxConnections) cutGreediest();
      if (connection.ending) return 'ignore';
      if (draining && !makeLast(response, connection.newest)) return 'ignore';
      connection.newest = response;
      if (connection.inFlight <= MAX_IN_FLIGHT) return 'answer';
      connection.ending = true;
      return overloaded(
        `A connection may have ${MAX_IN_FLIGHT} requests in flight; wait for their answers, or open another connection.`,
      );
    },
    endConnections() {
      draining = true;
      for (const socket of connections) {
        const newest = socket[CONNECTION]?.newest ?? null;
        if (newest !== null && !newest.headersSent) newest.shouldKeepAlive = false;
      }
    },
  };
}
