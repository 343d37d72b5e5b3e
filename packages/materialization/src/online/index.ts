export { replayHistory } from './replay-history.ts';
export type { ReplayHistoryOptions } from './replay-history.ts';
