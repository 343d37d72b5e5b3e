import { Gcra, type Rate } from './gcra.ts';

/**
 * One limit per address, for at most `addresses` of them: the one that was created first makes room. A flood from many
 * addresses is a matter of the network in front.
 */
export function createAddressLimit(rate: Rate, addresses = 10_000) {
  const limits = new Map<string, Gcra>();
  return {
    /** 0: the request may go on; otherwise the time to wait. */
    take(address: string, nowMs: number): number {
      let limit = limits.get(address);
      if (limit === undefined) {
        if (limits.size >= addresses) limits.delete(limits.keys().next().value ?? '');
        limits.set(address, (limit = new Gcra(rate)));
      }
      return limit.take(nowMs) ? 0 : limit.waitMs(nowMs);
    },
  };
}
