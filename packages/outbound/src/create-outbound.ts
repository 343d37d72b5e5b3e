import type { IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { compileAllowedHosts } from './allowed-hosts.ts';
import { createConnections, type Connections, type RequestOptions } from './connections.ts';
import { OutboundError } from './outbound-error.ts';
import { outboundUrl, redirectTarget, shown } from './outbound-url.ts';
import { readBody } from './read-body.ts';
import { codeOf, giveUpConnecting, responseTo, timedOut, unreachable } from './response-to.ts';
import { confirms, validatorsOf, type Validators } from './validators.ts';

export interface OutboundOptions {
  /** Hosts as `project(…, { allowedHosts })` lists them. */
  readonly allowedHosts: readonly string[];
  /** Resolves host names; its answers are checked. @default the system's resolver */
  readonly lookup?: LookupFunction;
}

export interface FetchOptions {
  /** Media types, as the header `accept` lists them. */
  readonly accept: string;
  readonly maxBytes: number;
  /** Limit for everything together: name lookups, connections, redirects and the body. */
  readonly timeoutMs: number;
  /** When aborted, its reason is thrown unchanged. */
  readonly signal: AbortSignal;
}

export interface Fetched {
  readonly bytes: Buffer;
  /** Null: the answer has none that can be used, or the bytes came from a redirect's target. */
  readonly validators: Validators | null;
}

/** Requests to untrusted addresses, under one list of allowed hosts. */
export interface Outbound {
  /**
   * The bytes behind an http(s) address of an allowed host with a public address (or one that is allowed itself),
   * through at most 3 redirects, each checked like the first address.
   * @throws OutboundError
   */
  fetchBytes(address: string, options: FetchOptions): Promise<Buffer>;
  /**
   * Like `fetchBytes`, unless the host says that its bytes are still those of these validators: then `unchanged`. They
   * are sent only to the address itself, never to the target of a redirect.
   * @throws OutboundError
   */
  fetchChanged(
    address: string,
    options: FetchOptions & { readonly validators: Validators | null },
  ): Promise<Fetched | 'unchanged'>;
  /** Fetches in flight fail. */
  close(): void;
}

const MAX_REDIRECTS = 3;

export function createOutbound({ allowedHosts, lookup }: OutboundOptions): Outbound {
  const connections = createConnections(compileAllowedHosts(allowedHosts), lookup);
  const fetchChanged: Outbound['fetchChanged'] = async (address, options) => {
    const { accept, maxBytes, timeoutMs, signal } = options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const ended = AbortSignal.any([signal, timeout]);
    let { validators } = options;
    let url = outboundUrl(address);
    try {
      for (let redirects = 0; ;) {
        connections.check(url);
        const response = await answerOf(connections, url, { accept, validators, signal: ended });
        if (response.statusCode === 304 && validators !== null) {
          response.resume();
          if (confirms(response, validators)) return 'unchanged';
          validators = null;
          continue;
        }
        const target = redirectTarget(response, url);
        if (target === null) {
          const bytes = await readBody(response, url, maxBytes);
          return { bytes, validators: redirects === 0 ? validatorsOf(response) : null };
        }
        response.destroy();
        if (redirects++ === MAX_REDIRECTS) throw tooManyRedirects(address);
        validators = null;
        url = target;
      }
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      signal.throwIfAborted();
      if (timeout.aborted) throw timedOut(url, timeoutMs, error);
      throw unreachable(url, error);
    }
  };
  return {
    fetchChanged,
    async fetchBytes(address, options) {
      const fetched = await fetchChanged(address, { ...options, validators: null });
      if (fetched === 'unchanged') throw new Error('A request without conditions was answered as unchanged.');
      return fetched.bytes;
    },
    close: connections.close,
  };
}

async function answerOf(
  connections: Connections,
  url: URL,
  options: RequestOptions,
): Promise<IncomingMessage> {
  for (;;) {
    options.signal.throwIfAborted();
    const request = connections.get(url, options);
    giveUpConnecting(request, url);
    try {
      return await responseTo(request, url);
    } catch (error) {
      // The host closed an idle connection just as it was reused; a failure of a new one is real.
      if (!request.reusedSocket || codeOf(error) !== 'ECONNRESET') throw error;
    }
  }
}

function tooManyRedirects(address: string): OutboundError {
  return new OutboundError(
    'redirect_refused',
    `${shown(new URL(address))} redirects more than ${MAX_REDIRECTS} times`,
  );
}
