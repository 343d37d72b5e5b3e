export { readConfig } from './config.ts';
export type { Config } from './config.ts';
export { EXIT_DEADLINE_MS } from './exit-deadline.ts';
export { memoryCeilingBytes } from './http/memory-ceiling.ts';
export { startInference } from './start-inference.ts';
export type { Inference, StartOptions } from './start-inference.ts';
