// Sessions
export { createSession } from './create-session.ts';
export type { FloatTensor, Session, SessionOptions, TensorSpec } from './create-session.ts';
// What a file says about itself
export { readModelMetadata } from './model-file.ts';
