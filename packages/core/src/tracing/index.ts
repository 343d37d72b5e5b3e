export { activeTraceparent, inSpan } from './in-span.ts';
export type { SpanOptions } from './in-span.ts';
export { requestSpan } from './request-spans.ts';
export type { AskedRequest, RequestSpan, Stage } from './request-spans.ts';
export { tracer } from './tracer.ts';
