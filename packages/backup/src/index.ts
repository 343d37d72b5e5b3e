export { writeBackup } from './write-backup.ts';
export type { WrittenBackup } from './write-backup.ts';
export { loadBackup } from './load-backup.ts';
export type { LoadedBackup } from './load-backup.ts';
export type { ChosenHistory } from './write-history.ts';
