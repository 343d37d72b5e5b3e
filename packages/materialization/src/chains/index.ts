export { historySource } from './history-source.ts';
export { syncChainsIn } from './sync-chains.ts';
