import { inSpan } from '@larder/core/tracing';
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { expect } from 'vitest';
import { body } from '../testing/ads.ts';
import { test } from '../testing/inference-test.ts';

const exporter = new InMemorySpanExporter();
// As an SDK loaded with --import does: before the service starts.
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register();

const CALLER = { trace: '0af7651916cd43dd8448eb211c80319c', span: 'b7ad6b7169203331' };

test('a prediction has its stages within its request, and the request is in the trace of its caller', async ({
  service,
}) => {
  const answer = await fetch(`${service.inference.url}/v1/models/ad_ctr/predict`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      traceparent: `00-${CALLER.trace}-${CALLER.span}-01`,
    },
    body: JSON.stringify(body('ad-1')),
  });
  expect(answer.status).toBe(200);
  await answer.text();
  const route = '/v1/models/{model}/predict';
  await expect.poll(() => named(`POST ${route}`)).toBeDefined();
  const request = named(`POST ${route}`);
  expect(request?.spanContext().traceId).toBe(CALLER.trace);
  expect(request?.parentSpanContext?.spanId).toBe(CALLER.span);
  expect(request?.attributes).toMatchObject({
    'http.route': route,
    'larder.model': 'ad_ctr',
    'http.response.status_code': 200,
  });
  for (const name of ['larder.features', 'larder.on_demand', 'larder.model'])
    expect(named(name)?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);

  // The run keeps the span of the request that queued it, and its chunks will be in this trace.
  const queued = await fetch(`${service.inference.url}/v1/backfills`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', traceparent: `00-${CALLER.trace}-${CALLER.span}-01` },
    body: JSON.stringify({ view: 'ad_image', scope: { all: true } }),
  });
  const { run_id: runId } = (await queued.json()) as { run_id: string };
  await expect.poll(() => named('POST /v1/backfills')).toBeDefined();
  const { rows } = await service.offlineStore.pool.query<{ traceparent: string }>(
    'select traceparent from larder.runs where run_id = $1',
    [runId],
  );
  const backfill = named('POST /v1/backfills')?.spanContext();
  expect(rows).toEqual([{ traceparent: `00-${CALLER.trace}-${backfill?.spanId}-01` }]);
});

test('a chunk is in the trace that its run keeps, and its landing within it', async () => {
  const failed = inSpan(
    'larder.chunk',
    { traceparent: `00-${CALLER.trace}-${CALLER.span}-01`, attributes: { 'larder.attempt': 1 } },
    async () => {
      await inSpan('larder.landing', { attributes: {} }, () => Promise.resolve());
      throw new Error('failed');
    },
  );
  await expect(failed).rejects.toThrow('failed');
  const chunk = named('larder.chunk');
  expect(chunk?.spanContext().traceId).toBe(CALLER.trace);
  expect(chunk?.parentSpanContext?.spanId).toBe(CALLER.span);
  expect(chunk?.status.code).toBe(2);
  expect(named('larder.landing')?.parentSpanContext?.spanId).toBe(chunk?.spanContext().spanId);
});

function named(name: string) {
  return exporter.getFinishedSpans().find((span) => span.name === name);
}
