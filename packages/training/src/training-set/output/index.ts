export { openOutputFolder } from './output-folder.ts';
export type { OutputFolder } from './output-folder.ts';
