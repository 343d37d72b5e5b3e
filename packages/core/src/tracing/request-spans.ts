import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';

/** A part of a request that is known once it is over: milliseconds since its start, and how long it took. */
export interface Stage {
  readonly name: string;
  readonly afterMs: number;
  readonly tookMs: number;
}

export interface RequestSpan {
  /** Does the work while the span is active. */
  activate<T>(work: () => T): T;
  end(answered: Answered): void;
}

export interface Answered {
  readonly status: number;
  /** A better name, where the route was not known before. */
  readonly name?: string;
  readonly stages?: readonly Stage[];
  readonly attributes?: Attributes;
}

export interface AskedRequest {
  readonly name: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** `performance.now()` */
  readonly startedAtMs: number;
  readonly attributes: Attributes;
}

/** The span of an HTTP request, within the caller's trace if it names one. */
export function requestSpan(
  spans: Tracer,
  { name, headers, startedAtMs, attributes }: AskedRequest,
): RequestSpan {
  const parent = propagation.extract(ROOT_CONTEXT, headers);
  const epochMs = performance.timeOrigin + startedAtMs;
  const span = spans.startSpan(name, { kind: SpanKind.SERVER, startTime: epochMs, attributes }, parent);
  const within = trace.setSpan(parent, span);
  return {
    activate: (work) => context.with(within, work),
    end({ status, name: better, stages = [], attributes: more = {} }) {
      for (const { name: stage, afterMs, tookMs } of stages)
        spans.startSpan(stage, { startTime: epochMs + afterMs }, within).end(epochMs + afterMs + tookMs);
      if (better !== undefined) span.updateName(better);
      endSpan(span, status, more);
    },
  };
}

function endSpan(span: Span, status: number, attributes: Attributes): void {
  span.setAttributes({ ...attributes, 'http.response.status_code': status });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
