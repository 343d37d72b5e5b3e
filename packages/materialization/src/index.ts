export { createMaterializer } from './materializer/materializer.ts';
export type { Materializer, MaterializerOptions, SlotsInUse } from './materializer/materializer.ts';
export type { MaterializerObserver } from './materializer/materializer-observer.ts';
export type { MaterializerTimes } from './materializer/materializer-times.ts';
