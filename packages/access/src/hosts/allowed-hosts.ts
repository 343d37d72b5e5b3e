import { isIP, isIPv4 } from 'node:net';

/** Hosts that a process answers for. A foreign name that points at this machine (DNS rebinding) is not one of them. */
export interface AllowedHosts {
  /** Allows a `Host` header that names this machine's loopback, the local address of the connection, or a configured host. */
  answersTo(host: string, localAddress: string | undefined): boolean;
  /** True for a host that is configured by name; its pages may write. `*` does not count. */
  names(host: string): boolean;
}

const HOST = /^(\[[\da-f:.]+\]|[^\s:@/,[\]]+)(?::\d*)?$/i;

/** `configured`: `larder.example.com`, `*.example.com` for its subdomains, an address, or `*` for every host. */
export function createAllowedHosts(configured: readonly string[]): AllowedHosts {
  const entries = configured.map((entry) => canonical(entry.toLowerCase()));
  const any = entries.includes('*');
  const exact = new Set(entries.filter((entry) => !entry.startsWith('*')));
  const suffixes = entries.filter((entry) => entry.startsWith('*.')).map((entry) => entry.slice(1));
  const isNamed = (name: string) => exact.has(name) || suffixes.some((suffix) => name.endsWith(suffix));
  return {
    answersTo(host, localAddress) {
      const name = nameOf(host);
      if (name === undefined) return false;
      return any || isLoopback(name) || isNamed(name) || isAddress(name, localAddress);
    },
    names(host) {
      const name = nameOf(host);
      return name !== undefined && isNamed(name);
    },
  };
}

/** True for `10.1.2.3:6570` and `[fd00::5]`, not for names. */
export function isAddressHost(host: string): boolean {
  const name = nameOf(host);
  return name !== undefined && isIP(bare(name)) !== 0;
}

function nameOf(host: string): string | undefined {
  const name = HOST.exec(host)?.[1]?.toLowerCase().replace(/\.$/, '');
  return name === undefined ? undefined : canonical(name);
}

/** `[0:0:0:0:0:0:0:1]` is `[::1]`. */
function canonical(name: string): string {
  return name.startsWith('[') ? (URL.parse(`http://${name}`)?.hostname ?? name) : name;
}

/** Includes the wildcard addresses, which callers copy from the listening address. */
const LOOPBACK = new Set(['localhost', '[::1]', '0.0.0.0', '[::]']);

function isLoopback(name: string): boolean {
  if (LOOPBACK.has(name)) return true;
  return name.endsWith('.localhost') || (isIPv4(name) && name.startsWith('127.'));
}

function isAddress(name: string, address: string | undefined): boolean {
  return address !== undefined && bare(name) === address.replace(/^::ffff:(?=\d+\.)/, '');
}

function bare(name: string): string {
  return name.startsWith('[') ? name.slice(1, -1) : name;
}
