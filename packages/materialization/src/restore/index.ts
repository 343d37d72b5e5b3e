export { restoreOnlineStore } from './restore-online-store.ts';
export type { RestoreDeps, RestoreOptions, RestoreReport, RestoredView } from './restore-online-store.ts';
export { restoreView } from './restore-view.ts';
