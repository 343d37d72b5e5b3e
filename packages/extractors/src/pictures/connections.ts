import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { LarderError } from '@larder/core';
import { compileAllowedHosts, type AllowedHosts } from './allowed-hosts.ts';

/** Connections to the hosts that one list allows. */
export interface Connections {
  /** @throws PICTURE_HOST_NOT_ALLOWED, PICTURE_ADDRESS_PRIVATE the host is itself such an address */
  check(url: URL): void;
  /** A GET that connects to no address but a checked one; fails with PICTURE_ADDRESS_PRIVATE otherwise. */
  get(url: URL, options: { readonly lookup?: LookupFunction; readonly signal: AbortSignal }): ClientRequest;
}

const MAX_HEADER_BYTES = 16 * 1024;
const IDLE_MS = 4_000;
const HEADERS = {
  accept: 'image/*',
  // What is not compressed cannot unfold into gigabytes.
  'accept-encoding': 'identity',
  'user-agent': 'larder',
};

/** An idle connection is reused only under the very list under which its address was checked. */
const known = new WeakMap<readonly string[], Connections>();

export function connectionsTo(allowedHosts: readonly string[]): Connections {
  const existing = known.get(allowedHosts);
  if (existing !== undefined) return existing;
  const connections = createConnections(compileAllowedHosts(allowedHosts));
  known.set(allowedHosts, connections);
  return connections;
}

function createConnections(hosts: AllowedHosts): Connections {
  // Own agents: the global ones obey proxy variables, and a proxy would resolve the name again.
  const http = new HttpAgent({ keepAlive: true, timeout: IDLE_MS });
  const https = new HttpsAgent({ keepAlive: true, timeout: IDLE_MS });
  return {
    check(url) {
      if (!hosts.allowsHost(url)) {
        throw new LarderError(
          'PICTURE_HOST_NOT_ALLOWED',
          `${url.host} is not among the project's allowedHosts; add it there, or mend the address in the source.`,
        );
      }
      const address = url.hostname.replace(/^\[|\]$/g, '');
      // A number is connected to without any lookup.
      if (isIP(address) !== 0 && !hosts.allowsAddress(url, address)) throw isPrivate(url, address);
    },
    get(url, { lookup = systemLookup, signal }) {
      const secure = url.protocol === 'https:';
      return (secure ? httpsRequest : httpRequest)(url, {
        agent: secure ? https : http,
        headers: HEADERS,
        lookup: checkedLookup(url, hosts, lookup),
        maxHeaderSize: MAX_HEADER_BYTES,
        insecureHTTPParser: false,
        signal,
      }).end();
    },
  };
}

/** The socket connects to what this answers, so that a name cannot lead elsewhere between check and connection. */
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

function isPrivate(url: URL, address: string): LarderError {
  const what =
    url.hostname === address || url.hostname === `[${address}]` ? '' : ` leads to ${address}, which`;
  return new LarderError(
    'PICTURE_ADDRESS_PRIVATE',
    `${url.host}${what} is no public address; serve the picture from one, or add the address itself to the project's ` +
      'allowedHosts.',
  );
}
