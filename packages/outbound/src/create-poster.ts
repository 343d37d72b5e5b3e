import type { LookupFunction } from 'node:net';
import { createConnections } from './connections.ts';
import { OutboundError } from './outbound-error.ts';
import { outboundUrl } from './outbound-url.ts';
import { isPublicAddress } from './public-address.ts';
import { giveUpConnecting, responseTo, timedOut, unreachable } from './response-to.ts';

export interface PosterOptions {
  /** The one address that is posted to. */
  readonly url: string;
  /** Its host may be, or resolve to, a private address. */
  readonly privateAddresses: boolean;
  /** Resolves host names; its answers are checked. @default the system's resolver */
  readonly lookup?: LookupFunction;
}

export interface PostingOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Limit for everything together. */
  readonly timeoutMs: number;
  /** When aborted, its reason is thrown unchanged. */
  readonly signal: AbortSignal;
}

export interface Posted {
  readonly status: number;
}

/** POSTs to one address that an operator configured. */
export interface Poster {
  /** The status of the answer, whose body is not read; a redirect is not followed. @throws OutboundError */
  post(options: PostingOptions): Promise<Posted>;
  close(): void;
}

export function createPoster({ url: address, privateAddresses, lookup }: PosterOptions): Poster {
  const target = outboundUrl(address);
  // Messages name the host alone: the path of a webhook is often its secret.
  const host = new URL(target.origin);
  const connections = createConnections(
    {
      allowsHost: (url) => url.host === target.host,
      allowsAddress: (_, ip) => privateAddresses || isPublicAddress(ip),
    },
    lookup,
  );
  return {
    async post({ headers, body, timeoutMs, signal }) {
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        connections.check(target);
        const request = connections.post(target, {
          headers,
          body,
          signal: AbortSignal.any([signal, timeout]),
        });
        giveUpConnecting(request, host);
        const response = await responseTo(request, host);
        // The connection ends with it: a receiver cannot make us read.
        response.destroy();
        return { status: response.statusCode ?? 0 };
      } catch (error) {
        if (error instanceof OutboundError) throw error;
        signal.throwIfAborted();
        if (timeout.aborted) throw timedOut(host, timeoutMs, error);
        throw unreachable(host, error);
      }
    },
    close: connections.close,
  };
}
