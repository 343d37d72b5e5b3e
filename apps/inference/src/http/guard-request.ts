/* Runs before every route, including predictions: a few string comparisons for a caller that is not a browser. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isAddressHost, type AllowedHosts } from '@larder/access';
import { LarderError } from '@larder/core';

/** The Host already accepted on a connection: callers send the same one with every request. */
const ANSWERED = Symbol('answered host');
type KnownSocket = Socket & { [ANSWERED]?: string };

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const ABSOLUTE = /^https?:\/\/([^/?]*)(.*)$/i;
/** Orchestrators and load balancers probe each process by its address. */
const PROBED = /^\/health\/(?:live|ready)\/?(?:\?|$)/;

/** Returns the reason to refuse a request, if there is one; rewrites the absolute form of a target to the usual one. */
export function guardRequest(request: IncomingMessage, hosts: AllowedHosts): LarderError | undefined {
  const { headers, url = '' } = request;
  if (!url.startsWith('/') || url.includes('#')) {
    const absolute = ABSOLUTE.exec(url);
    if (absolute === null || url.includes('#'))
      return malformed('The request target must be a path, with a query if the route takes one.');
    // RFC 9112, 3.2.2: the authority replaces the Host header.
    const [, authority = '', path = ''] = absolute;
    headers.host = authority;
    request.url = path.startsWith('/') ? path : `/${path}`;
  }
  return foreignHost(request, hosts) ?? crossSite(request, hosts);
}

function foreignHost(request: IncomingMessage, hosts: AllowedHosts): LarderError | undefined {
  const { host } = request.headers;
  const socket = request.socket as KnownSocket;
  if (host !== undefined && host === socket[ANSWERED]) return undefined;
  // Browsers always send one.
  if (host === undefined && request.httpVersion !== '1.1') return undefined;
  if (host === undefined || host === '') return malformed('The Host header is missing.');
  if (host.includes(',')) return malformed('Send exactly one Host header with one host.');
  if (hosts.answersTo(host, socket.localAddress)) {
    socket[ANSWERED] = host;
    return undefined;
  }
  if (isAddressHost(host) && PROBED.test(request.url ?? '')) return undefined;
  return new LarderError(
    'HOST_NOT_ALLOWED',
    'The Host header names a host that this service does not know; add it to LARDER_ALLOWED_HOSTS.',
  );
}

/** A browser states which page sends the request: in Fetch Metadata if it sends that, otherwise in the Origin header. */
function crossSite(request: IncomingMessage, hosts: AllowedHosts): LarderError | undefined {
  const { origin, host = '', 'sec-fetch-site': site } = request.headers;
  if (origin === undefined && site === undefined) return undefined;
  if (SAFE_METHODS.has(request.method ?? '') || site === 'same-origin' || site === 'none') return undefined;
  const from = (origin ?? '').replace(/^https?:\/\//, '').toLowerCase();
  if (hosts.names(from) || (site === undefined && from === host.toLowerCase())) return undefined;
  return new LarderError(
    'CROSS_SITE_REFUSED',
    'A page of another site must not do this; to allow it, add the host of the page to LARDER_ALLOWED_HOSTS.',
  );
}

function malformed(detail: string): LarderError {
  return new LarderError('REQUEST_MALFORMED', detail);
}
