export { readConfig } from './config.ts';
export type { Config } from './config.ts';
export { startWorker } from './start-worker.ts';
export type { RunningWorker, StartWorkerOptions } from './start-worker.ts';
