export { createMaterializer } from './materializer/materializer.ts';
export type { Materializer, MaterializerOptions } from './materializer/materializer.ts';
export type { MaterializerObserver } from './materializer/materializer-observer.ts';
export type { MaterializerTimes } from './materializer/materializer-times.ts';
