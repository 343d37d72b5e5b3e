import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type OutgoingHttpHeaders,
} from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { AllowedHosts } from './allowed-hosts.ts';
import { OutboundError } from './outbound-error.ts';
import { conditionsOf, type Validators } from './validators.ts';

export interface RequestOptions {
  readonly accept: string;
  /** Of the bytes that the caller knows already; null: none. */
  readonly validators: Validators | null;
  readonly signal: AbortSignal;
}

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** Connections to the hosts that one list allows: an idle one is reused only under the list that checked it. */
export interface Connections {
  /** @throws OutboundError host_not_allowed; address_private when the host itself is such an address */
  check(url: URL): void;
  /** A GET that connects only to checked addresses; fails with address_private otherwise. */
  get(url: URL, options: RequestOptions): ClientRequest;
  /** A POST under the same conditions. */
  post(url: URL, options: PostOptions): ClientRequest;
  /** Closes all connections, idle or in use. */
  close(): void;
}

const MAX_HEADER_BYTES = 16 * 1024;
const IDLE_MS = 4_000;

export function createConnections(hosts: AllowedHosts, lookup: LookupFunction = systemLookup): Connections {
  // Own agents: the global ones obey proxy variables, and a proxy would resolve the name again.
  const http = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  const https = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS });
  const request = (url: URL, options: Asked): ClientRequest => {
    const secure = url.protocol === 'https:';
    return (secure ? httpsRequest : httpRequest)(url, {
      ...options,
      agent: secure ? https : http,
      // Without compression a small body cannot expand to gigabytes.
      headers: { 'accept-encoding': 'identity', 'user-agent': 'larder', ...options.headers },
      lookup: checkedLookup(url, hosts, lookup),
      maxHeaderSize: MAX_HEADER_BYTES,
      insecureHTTPParser: false,
    });
  };
  return {
    check(url) {
      if (!hosts.allowsHost(url))
        throw new OutboundError('host_not_allowed', `${url.host} is not among the project's allowedHosts`);
      const address = url.hostname.replace(/^\[|\]$/g, '');
      // An IP address is connected to without a lookup.
      if (isIP(address) !== 0 && !hosts.allowsAddress(url, address)) throw isPrivate(url, address);
    },
    get(url, { accept, validators, signal }) {
      return request(url, { method: 'GET', headers: { accept, ...conditionsOf(validators) }, signal }).end();
    },
    post(url, { headers, body, signal }) {
      const length = String(Buffer.byteLength(body));
      return request(url, { method: 'POST', headers: { ...headers, 'content-length': length }, signal }).end(
        body,
      );
    },
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

interface Asked {
  readonly method: 'GET' | 'POST';
  readonly headers: OutgoingHttpHeaders;
  readonly signal: AbortSignal;
}

/** The socket connects to the address this returns, so that a name cannot resolve elsewhere between check and connection. */
function checkedLookup(url: URL, hosts: AllowedHosts, lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, answer) => {
      if (error !== null) return callback(error, []);
      const addresses = answer as LookupAddress[];
      const bad = addresses.find(({ address }) => !hosts.allowsAddress(url, address));
      const [first] = addresses;
      if (bad !== undefined) return callback(isPrivate(url, bad.address), []);
      if (first === undefined || options.all === true) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

function isPrivate(url: URL, address: string): OutboundError {
  const what =
    url.hostname === address || url.hostname === `[${address}]` ? '' : ` resolves to ${address}, which`;
  return new OutboundError('address_private', `${url.host}${what} is not a public address`);
}
