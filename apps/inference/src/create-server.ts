import {
  STATUS_CODES,
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { createAllowedHosts } from '@larder/access';
import { LarderError, newId } from '@larder/core';
import type { Admission, Guard } from './access/guard.ts';
import type { FailureLog } from './http/failure-log.ts';
import { limitConnections, type ConnectionLimits } from './http/connection-limits.ts';
import { guardRequest } from './http/guard-request.ts';
import { problemOf, sendProblem } from './http/problem.ts';
import { requestIdOf } from './http/request-id.ts';
import { DATA_HEADERS } from './http/security-headers.ts';
import type { RawHandler } from './predict/predict.handler.ts';

const LIMITS = {
  /** Longer than load balancers keep an idle connection (60 s), so that they close it first and never use a closed one. */
  keepAliveTimeout: 75_000,
  /** Time for a whole request to arrive. */
  requestTimeout: 30_000,
  connectionsCheckingInterval: 5_000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions;

export interface HttpServerOptions {
  readonly failures: FailureLog;
  /** Asks callers for their keys; null: nobody needs one. */
  readonly guard: Guard | null;
  /** Hosts in addition to the names and addresses of this machine: LARDER_ALLOWED_HOSTS. */
  readonly allowedHosts: readonly string[];
  readonly maxConnections: number;
  /** Overrides the default timeouts; tests shorten them. */
  readonly limits?: Pick<ServerOptions, 'requestTimeout' | 'headersTimeout' | 'connectionsCheckingInterval'>;
  /** @default 30,000 */
  readonly stallTimeoutMs?: number;
}

/** A server of node:http that can take leave of its callers. */
export interface HttpServer extends Server, Pick<ConnectionLimits, 'endConnections'> {}

/** The predict routes on node:http, everything else on Express. */
export function predictFirst(predict: RawHandler, app: RequestListener): RequestListener {
  return (request, response) => {
    if (!predict(request, response)) app(request, response);
  };
}

/** A node:http server that answers with a problem even where a request never reaches a route. */
export function createHttpServer(listener: RequestListener, options: HttpServerOptions): HttpServer {
  const { failures, guard } = options;
  const hosts = createAllowedHosts(options.allowedHosts);
  const refuse = (request: IncomingMessage, response: ServerResponse, error: LarderError): void => {
    response.setHeader('connection', 'close');
    sendProblem(response, error, { requestId: requestIdOf(request), failures });
  };
  const serverOptions: ServerOptions = {
    ...LIMITS,
    ...options.limits,
    // Node's own answer to a missing Host has no body.
    requireHostHeader: false,
    // Makes a second Host, Origin or content-type visible instead of dropping it.
    joinDuplicateHeaders: true,
  };
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const admitted = limited.admit(request, response);
    if (admitted === 'ignore') return;
    const refused = admitted === 'answer' ? guardRequest(request, hosts) : admitted;
    if (refused !== undefined) refuse(request, response, refused);
    else if (guard === null) answer(request, response);
    else settle(guard.admit(request, response), request, response);
  };
  const settle = (admission: Admission, request: IncomingMessage, response: ServerResponse): void => {
    if (admission === undefined) answer(request, response);
    else if (admission instanceof Promise)
      void admission.then((settled) => {
        if (!response.destroyed) settle(settled, request, response);
      });
    else deny(request, response, admission);
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    // Anything else was refused; before HTTP/1.1 the header means nothing.
    if (request.headers.expect !== undefined && request.httpVersion === '1.1') response.writeContinue();
    listener(request, response);
  };
  /** Answers without reading the body; the connection goes on unless a large body is on its way. */
  const deny = (request: IncomingMessage, response: ServerResponse, error: LarderError): void => {
    if (!(bodyBytes(request) <= DISCARDED_BYTES)) response.setHeader('connection', 'close');
    sendProblem(response, error, { requestId: requestIdOf(request), failures });
  };
  const server = createServer(serverOptions, serve);
  const limited = limitConnections(server, options);
  server.on('checkExpectation', (request: IncomingMessage, response: ServerResponse) =>
    refuse(
      request,
      response,
      new LarderError('EXPECTATION_UNSUPPORTED', "Omit the Expect header, or send '100-continue'."),
    ),
  );
  // Without a listener node:http invites the body before anybody has looked at the key.
  server.on('checkContinue', serve);
  server.on('clientError', refuseBroken);
  return Object.assign(server, { endConnections: limited.endConnections });
}

/** What node:http may discard of the body of a refused request, to use the connection again. */
const DISCARDED_BYTES = 64 * 1024;

/** NaN: the body does not say how large it is. */
function bodyBytes({ headers }: IncomingMessage): number {
  if (headers['transfer-encoding'] !== undefined) return Number.NaN;
  // It is not sent before it is invited, or at once all the same: nobody knows.
  if (headers.expect !== undefined) return Number.NaN;
  return Number(headers['content-length'] ?? 0);
}

/** A socket of node:http, with the answer that is being written to it. */
interface HttpSocket extends Duplex {
  readonly _httpMessage?: Pick<ServerResponse, 'headersSent'> | null;
}

/** Time for a caller to read the reason, before its connection is cut in any case. */
const LINGER_MS = 1_000;

/** Answers a request that is not HTTP, is too large, or did not arrive in time. */
function refuseBroken(error: NodeJS.ErrnoException, socket: HttpSocket): void {
  if (!socket.writable || error.code === 'ECONNRESET' || socket._httpMessage?.headersSent === true) {
    socket.destroy();
    return;
  }
  const requestId = newId();
  const problem = problemOf(brokenRequest(error.code), requestId);
  const body = JSON.stringify(problem);
  const headers = {
    'content-type': 'application/problem+json',
    'content-length': Buffer.byteLength(body),
    'x-request-id': requestId,
    connection: 'close',
    ...DATA_HEADERS,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.join('')}\r\n${body}`);
  // Node no longer watches the socket, and a caller that keeps its side open would hold the connection and its body forever.
  setTimeout(() => socket.destroy(), LINGER_MS).unref();
}

function brokenRequest(code: string | undefined): LarderError {
  switch (code ?? '') {
    case 'HPE_HEADER_OVERFLOW':
      return new LarderError(
        'HEADERS_TOO_LARGE',
        'The address and the headers must not exceed 16 KiB in total.',
      );
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return new LarderError('REQUEST_TOO_LARGE', 'The chunk extensions are too large; omit them.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new LarderError('REQUEST_TIMED_OUT', 'The request did not arrive in time; send it again.');
    default:
      return new LarderError('REQUEST_MALFORMED', 'This is not a complete HTTP request.');
  }
}

const DRAIN_INTERVAL_MS = 50;

/** Accepts no new connections, lets running requests finish, and cuts those that remain after `deadlineMs`. */
export async function closeServer(server: Server, deadlineMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // A connection becomes idle when its answer is complete.
  const drain = setInterval(() => server.closeIdleConnections(), DRAIN_INTERVAL_MS);
  const cut = setTimeout(() => server.closeAllConnections(), deadlineMs);
  await closed;
  clearInterval(drain);
  clearTimeout(cut);
}
