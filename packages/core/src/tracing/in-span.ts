import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Attributes,
} from '@opentelemetry/api';
import { tracer } from './tracer.ts';

export interface SpanOptions {
  readonly attributes: Attributes;
  /** W3C `traceparent` of the parent. @default the span that is active */
  readonly traceparent?: string | null;
}

/** Does the work within a span that is active meanwhile; without an SDK, it only does the work. */
export async function inSpan<T>(
  name: string,
  { attributes, traceparent }: SpanOptions,
  work: () => Promise<T>,
): Promise<T> {
  const spans = tracer();
  if (spans === null) return work();
  const parent = traceparent == null ? context.active() : propagation.extract(ROOT_CONTEXT, { traceparent });
  const span = spans.startSpan(name, { attributes }, parent);
  try {
    return await context.with(trace.setSpan(parent, span), work);
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}

/** The span that is active, as a run keeps it for its chunks; null: none is, or it is not recorded. */
export function activeTraceparent(): string | null {
  const carrier: { traceparent?: string } = {};
  propagation.inject(context.active(), carrier);
  return carrier.traceparent ?? null;
}
