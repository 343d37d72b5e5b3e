export { readConfig } from './config.ts';
export type { Config } from './config.ts';
export { EXIT_DEADLINE_MS } from './stopper.ts';
export { startWorker } from './start-worker.ts';
export type { RunningWorker, StartWorkerOptions } from './start-worker.ts';
