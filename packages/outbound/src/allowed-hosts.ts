import ipaddr from 'ipaddr.js';
import { isPublicAddress } from './public-address.ts';

/** What a project's `allowedHosts` permits. */
export interface AllowedHosts {
  /** Whether the project names this host, on this port. */
  allowsHost(url: URL): boolean;
  /** Whether a connection for `url` may go to this address: a public one, or one that the project names itself. */
  allowsAddress(url: URL, address: string): boolean;
}

interface Entry {
  readonly host: string;
  readonly port: string | null;
}

/**
 * Entries are `cdn.example.com`, `cdn.example.com:8443`, `*.example.com` (every name below it), `10.0.0.5:9000`,
 * `[fd00::5]`, `localhost`, and `*` (every public host on the default port of its scheme). Compared as URL serializes them.
 */
export function compileAllowedHosts(allowedHosts: readonly string[]): AllowedHosts {
  const entries = allowedHosts.map(parseEntry);
  const onPort = (url: URL): Entry[] => entries.filter(({ port }) => port === null || port === portOf(url));
  return {
    allowsHost: (url) => onPort(url).some((entry) => matches(entry.host, url)),
    allowsAddress(url, address) {
      if (isPublicAddress(address)) return true;
      if (!ipaddr.isValid(address)) return false;
      const ip = ipaddr.parse(address);
      const host = ip instanceof ipaddr.IPv6 ? `[${ip.toRFC5952String()}]` : address;
      const isLocalhost = url.hostname === 'localhost' && ip.range() === 'loopback';
      // The address itself is allowed: a name that resolves to it grants nothing more.
      return onPort(url).some((entry) => entry.host === host || (isLocalhost && entry.host === 'localhost'));
    },
  };
}

function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

function parseEntry(text: string): Entry {
  const port = /:(\d+)$/.exec(text)?.[1] ?? null;
  const host = port === null ? text : text.slice(0, -port.length - 1);
  // Normalized like every URL compared with it: '[0::1]' becomes '[::1]', '*.Example.com' '*.example.com'.
  return { host: URL.parse(`http://${host}`)?.hostname ?? host, port };
}

function matches(allowed: string, url: URL): boolean {
  if (allowed === '*') return url.port === '';
  if (allowed.startsWith('*.')) return url.hostname.endsWith(allowed.slice(1)) && !isAddress(url.hostname);
  return url.hostname === allowed;
}

function isAddress(host: string): boolean {
  return host.startsWith('[') || ipaddr.IPv4.isValid(host);
}
