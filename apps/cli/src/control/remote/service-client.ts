import { setTimeout as delay } from 'node:timers/promises';
import { isLarderError, LARDER_VERSION, LarderError } from '@larder/core';
import type { ServiceAddress } from '../../config.ts';
import { problemIn } from './problem-in.ts';
import { readText } from './read-text.ts';
import { unreachable } from './unreachable.ts';

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface ServiceRequest {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with its `content-type` in `headers`. */
  readonly file?: Blob;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Safe to send twice, such as one with an Idempotency-Key. @default true for GET alone */
  readonly repeatable?: boolean;
  /** @default 30,000 */
  readonly timeoutMs?: number;
  /** Members that every answer of the route has: without them it is not from Larder. */
  readonly members?: readonly string[];
}

export interface ServiceAnswer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** The HTTP API of one service, for one command. */
export interface ServiceClient {
  readonly url: string;
  get<T>(path: string, request?: ServiceRequest): Promise<T>;
  send<T>(method: string, path: string, request?: ServiceRequest): Promise<ServiceAnswer<T>>;
  /** The answer before its body is read, which the caller does or cancels. */
  open(path: string, request: ServiceRequest & { readonly signal: AbortSignal }): Promise<Response>;
}

const TIMEOUT_MS = 30_000;
/** Pauses before the second and third attempt. */
const PAUSES_MS = [250, 1_000];
const MAX_RETRY_AFTER_S = 10;

/** @param address its key goes to this host alone: redirects are refused */
export function createServiceClient({ url, apiKey }: ServiceAddress): ServiceClient {
  const fetchOnce = async (
    method: string,
    path: string,
    { request, signal }: { readonly request: ServiceRequest; readonly signal: AbortSignal },
  ): Promise<Response> => {
    const { body, file, headers } = request;
    const given = Object.entries(headers ?? {}).filter(
      (each): each is [string, string] => each[1] !== undefined,
    );
    let response: Response;
    try {
      response = await fetch(`${url}${path}${queryText(request.query)}`, {
        method,
        redirect: 'manual',
        signal,
        headers: {
          'user-agent': `larder/${LARDER_VERSION}`,
          ...(apiKey !== null && { authorization: `Bearer ${apiKey}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...Object.fromEntries(given),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        ...(file !== undefined && { body: file }),
      });
    } catch (cause) {
      throw unreachable(cause, url);
    }
    if (response.status >= 200 && response.status < 300) return response;
    throw await problemIn(response, { url, method, path, hasKey: apiKey !== null });
  };

  const send = async <T>(
    method: string,
    path: string,
    request: ServiceRequest = {},
  ): Promise<ServiceAnswer<T>> => {
    const repeatable = request.repeatable ?? method === 'GET';
    for (let attempt = 0; ; attempt += 1) {
      const signal = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS);
      try {
        const response = await fetchOnce(method, path, { request, signal });
        const body = await readJson<T>(response, request.members ?? []).catch((error: unknown) => {
          throw isLarderError(error) ? error : unreachable(error, url);
        });
        return { status: response.status, headers: response.headers, body };
      } catch (error) {
        const pauseMs = repeatable ? pauseBefore(error, attempt) : null;
        if (pauseMs === null) throw error;
        await delay(pauseMs);
      }
    }
  };

  return {
    url,
    send,
    get: async <T>(path: string, request?: ServiceRequest) => (await send<T>('GET', path, request)).body,
    open: (path, request) => fetchOnce('GET', path, { request, signal: request.signal }),
  };

  async function readJson<T>(response: Response, members: readonly string[]): Promise<T> {
    const text = await readText(response);
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      body = undefined;
    }
    if (typeof body === 'object' && body !== null && members.every((name) => name in body)) return body as T;
    throw new LarderError(
      'SERVICE_ANSWER_INVALID',
      `${url} does not answer as a Larder service does (${response.status}, ${response.headers.get('content-type') ?? 'no content type'}). Is LARDER_URL its address?`,
    );
  }
}

/** Null: not again. */
function pauseBefore(error: unknown, attempt: number): number | null {
  const pauseMs = PAUSES_MS[attempt];
  if (pauseMs === undefined || !isLarderError(error) || !error.retryable) return null;
  const { retryAfterSeconds } = error;
  if (retryAfterSeconds === undefined) return pauseMs;
  return retryAfterSeconds <= MAX_RETRY_AFTER_S ? Math.max(pauseMs, retryAfterSeconds * 1_000) : null;
}

function queryText(query: Query = {}): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
