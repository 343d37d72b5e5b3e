import { ProxyTracerProvider, trace, type Tracer } from '@opentelemetry/api';
import { LARDER_VERSION } from '../version.ts';

/** What the API gives out before anybody registers an SDK. */
const NOBODY = new ProxyTracerProvider().getDelegate();

/** Larder's tracer; null: no OpenTelemetry SDK is registered, and nothing may be spent on spans. */
export function tracer(): Tracer | null {
  const provider = trace.getTracerProvider();
  const registered = provider instanceof ProxyTracerProvider ? provider.getDelegate() : provider;
  return registered === NOBODY ? null : trace.getTracer('larder', LARDER_VERSION);
}
