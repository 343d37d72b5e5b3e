import type { ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { isLarderError, LarderError } from '@larder/core';
import { connectionsTo, type Connections } from './connections.ts';
import { pictureUrl, redirectTarget, shown } from './picture-url.ts';

export interface FetchPictureOptions {
  /** As `project(…, { allowedHosts })` says. Keep one array: connections are reused only for the same one. */
  readonly allowedHosts: readonly string[];
  /** For everything: names, connections, redirects and the body. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** Ends the whole computation; its reason is thrown as it is. */
  readonly signal: AbortSignal;
  /** Resolves the names of hosts; its answers are checked. @default that of the system */
  readonly lookup?: LookupFunction;
}

const MAX_REDIRECTS = 3;
/** A host that does not answer at all is given up before `timeoutMs`. */
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * The bytes behind an http(s) address of an allowed host with a public address (or one that is allowed itself),
 * through at most 3 redirects, each checked like the first address.
 * @throws PICTURE_URL_INVALID, PICTURE_HOST_NOT_ALLOWED, PICTURE_ADDRESS_PRIVATE, PICTURE_NOT_FOUND, PICTURE_REFUSED,
 *   PICTURE_REDIRECTED, PICTURE_UNAVAILABLE, PICTURE_ANSWER_INVALID, PICTURE_TIMEOUT, PICTURE_TOO_LARGE
 */
export async function fetchPicture(address: string, options: FetchPictureOptions): Promise<Buffer> {
  const { timeoutMs, signal } = options;
  const connections = connectionsTo(options.allowedHosts);
  const timeout = AbortSignal.timeout(timeoutMs);
  const ended = AbortSignal.any([signal, timeout]);
  let url = pictureUrl(address);
  try {
    for (let redirects = 0; ; redirects++) {
      connections.check(url);
      const response = await answerOf(connections, url, { ...options, signal: ended });
      const target = redirectTarget(response, url);
      if (target === null) return await picture(response, url, options.maxBytes);
      response.destroy();
      if (redirects === MAX_REDIRECTS) throw tooManyRedirects(address);
      url = target;
    }
  } catch (error) {
    if (isLarderError(error)) throw error;
    signal.throwIfAborted();
    if (timeout.aborted) throw tooSlow(url, timeoutMs, error);
    throw unreachable(url, error);
  }
}

async function answerOf(
  connections: Connections,
  url: URL,
  options: { readonly lookup?: LookupFunction; readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  for (;;) {
    options.signal.throwIfAborted();
    const request = connections.get(url, options);
    giveUpConnecting(request, url);
    try {
      return await responseTo(request, url);
    } catch (error) {
      // The host closed an idle connection just when it was taken up again; a new one has no such excuse.
      if (!request.reusedSocket || codeOf(error) !== 'ECONNRESET') throw error;
    }
  }
}

function responseTo(request: ClientRequest, url: URL): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    // What fails after the answer came is told by the answer; here it then changes nothing.
    request.once('response', resolve).on('error', reject);
    request.once('upgrade', (_, socket) => {
      socket.destroy();
      reject(
        new LarderError(
          'PICTURE_ANSWER_INVALID',
          `${shown(url)} answers in another protocol than HTTP; mend the host.`,
        ),
      );
    });
    request.once('close', () => reject(new Error('closed without an answer')));
  });
}

function giveUpConnecting(request: ClientRequest, url: URL): void {
  const timer = setTimeout(
    () => request.destroy(tooSlow(url, CONNECT_TIMEOUT_MS, undefined)),
    CONNECT_TIMEOUT_MS,
  );
  const clear = (): void => clearTimeout(timer);
  request.once('close', clear).once('socket', (socket) => {
    if (socket.connecting) socket.once('connect', clear);
    else clear();
  });
}

/** The whole body. Leaving it by an error closes the connection. */
async function picture(response: IncomingMessage, url: URL, maxBytes: number): Promise<Buffer> {
  try {
    const refusal = refusalOf(response, url);
    if (refusal !== null) throw refusal;
    if (Number(response.headers['content-length']) > maxBytes) throw tooLarge(url, maxBytes);
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxBytes) throw tooLarge(url, maxBytes);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, sizeBytes);
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** Null when the answer is a picture, or at least 200. */
function refusalOf({ statusCode: status = 0, headers }: IncomingMessage, url: URL): LarderError | null {
  const encoding = headers['content-encoding'] ?? 'identity';
  if (status === 200 && encoding === 'identity') return null;
  if (status === 200) {
    return new LarderError(
      'PICTURE_ANSWER_INVALID',
      `${shown(url)} comes compressed, though it was not asked to; serve the picture without Content-Encoding.`,
    );
  }
  if (status === 404 || status === 410) {
    return new LarderError(
      'PICTURE_NOT_FOUND',
      `${shown(url)} answers ${status}: there is no picture at this address.`,
    );
  }
  if (status === 429 || status >= 500) {
    return new LarderError('PICTURE_UNAVAILABLE', `${shown(url)} answers ${status}; try again later.`);
  }
  return new LarderError(
    'PICTURE_REFUSED',
    `${shown(url)} answers ${status} instead of the picture; let the workers read it.`,
  );
}

function tooLarge(url: URL, maxBytes: number): LarderError {
  return new LarderError(
    'PICTURE_TOO_LARGE',
    `${shown(url)} has more than ${maxBytes} bytes; serve a smaller picture or raise maxBytes.`,
  );
}

function tooManyRedirects(address: string): LarderError {
  return new LarderError(
    'PICTURE_REDIRECTED',
    `${shown(new URL(address))} leads elsewhere more than ${MAX_REDIRECTS} times; put the final address into the source.`,
  );
}

function tooSlow(url: URL, timeoutMs: number, cause: unknown): LarderError {
  return new LarderError(
    'PICTURE_TIMEOUT',
    `${shown(url)} did not arrive within ${timeoutMs} ms; try again later.`,
    { cause },
  );
}

/** The parser of Node names what is wrong with an answer HPE_…; everything else is the way to the host. */
function unreachable(url: URL, cause: unknown): LarderError {
  const code = codeOf(cause);
  if (code.startsWith('HPE_')) {
    return new LarderError(
      'PICTURE_ANSWER_INVALID',
      `${url.host} answers with broken HTTP or too large headers (${code}); mend the host.`,
      { cause },
    );
  }
  return new LarderError('PICTURE_UNAVAILABLE', `${url.host} cannot be reached (${code}); try again later.`, {
    cause,
  });
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error) return String(error.code);
  return error instanceof Error ? error.message : String(error);
}
