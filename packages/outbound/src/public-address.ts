import ipaddr from 'ipaddr.js';

/** A public address, yet answered by the host of every virtual machine on Azure (its "wire server"). */
const HOST_OF_AZURE = '168.63.129.16';
/** The only range ever assigned (RFC 4291, section 2.4); excludes `::127.0.0.1`, whatever a library calls it. */
const GLOBAL_IPV6 = ipaddr.IPv6.parse('2000::');

/**
 * Whether an address (as DNS or URL writes it) is on the public internet: not private, loopback, link-local,
 * carrier-grade NAT, multicast, documentation, or IPv6 that wraps an IPv4 address (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (address === HOST_OF_AZURE || !ipaddr.isValid(address)) return false;
  const ip = ipaddr.parse(address);
  if (ip.range() !== 'unicast') return false;
  return ip instanceof ipaddr.IPv4 || ip.match(GLOBAL_IPV6, 3);
}
