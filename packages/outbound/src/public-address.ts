import ipaddr from 'ipaddr.js';

/** Public by its number, yet answered by the host of every virtual machine on Azure (its "wire server"). */
const HOST_OF_AZURE = '168.63.129.16';
/** All that is ever given out (RFC 4291, part 2.4); leaves out `::127.0.0.1`, whatever a library calls it. */
const GLOBAL_IPV6 = ipaddr.IPv6.parse('2000::');

/**
 * Whether an address (as DNS or URL write it) is one of the public internet: not private, loopback, link-local, of a
 * carrier's NAT, multicast, documentation, nor IPv6 that wraps an IPv4 address (mapped, NAT64, 6to4, Teredo).
 */
export function isPublicAddress(address: string): boolean {
  if (address === HOST_OF_AZURE || !ipaddr.isValid(address)) return false;
  const ip = ipaddr.parse(address);
  if (ip.range() !== 'unicast') return false;
  return ip instanceof ipaddr.IPv4 || ip.match(GLOBAL_IPV6, 3);
}
