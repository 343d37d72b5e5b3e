export { restoreAuthoritatively } from './restore-authoritatively.ts';
export type { AuthoritativeReport } from './restore-authoritatively.ts';
export { restoreOnlineStore } from './restore-online-store.ts';
export type { RestoreDeps, RestoreOptions, RestoreReport, RestoredView } from './restore-online-store.ts';
export { restoreView } from './restore-view.ts';
