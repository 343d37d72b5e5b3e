export { createMaterializer } from './materializer/materializer.ts';
export type { Materializer, MaterializerOptions } from './materializer/materializer.ts';
export type { MaterializerObserver, MaterializerTimes } from './materializer/materializer-context.ts';
