export { restoreView } from './restore-view.ts';
export type { RestoredRows } from './restore-view.ts';
