import type { PlannedChain } from '@larder/registry';
import type { Output } from './output.ts';

/** One line for each view of the changes that is computed from others: what comes before it, in order. */
export function printChains(chains: readonly PlannedChain[], out: Output): void {
  for (const { steps } of chains) out.line(`  chain ${steps.map((refs) => refs.join(', ')).join(' → ')}`);
}
