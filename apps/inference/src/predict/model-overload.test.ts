import { join } from 'node:path';
import { problemSchema } from '@larder/contracts';
import { writeLogisticArtifact } from '@larder/model-runtime/testing';
import { expect, vi } from 'vitest';
import { applyFiles } from '../testing/apply-files.ts';
import { test as base, type Service } from '../testing/inference-test.ts';

const PATH = '/v1/models/ad_brightness/predict';
const ENTITIES = { entities: { ad_id: 'ad-1' } };

/** The service, with `ad_brightness` so slow that it runs in a pool of threads. */
const test = base.extend<{ slow: Service }>({
  slow: async ({ service }, use) => {
    const { http, project } = service;
    await writeLogisticArtifact(join(project.root, 'models/ad_brightness'), {
      features: ['ad_image:brightness'],
      weights: [1],
      output: 'score',
      imputed: 0.25,
      slowness: 150,
    });
    await applyFiles(service);
    await vi.waitFor(
      async () =>
        expect((await http.get('/v1/models/ad_brightness')).body).toMatchObject({ placement: 'pool' }),
      { timeout: 60_000 },
    );
    await use(service);
  },
});

async function dropped({ http }: Service, reason: string): Promise<number> {
  const { text } = await http.get('/metrics');
  const line = `larder_model_runs_dropped_total{model="ad_brightness",reason="${reason}"} `;
  return Number(text.slice(text.indexOf(line) + line.length).split('\n')[0]);
}

test('far more requests than the model can handle: some are answered, the rest is refused at once with Retry-After', async ({
  slow,
}) => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, () => slow.http.post(PATH, { ...ENTITIES, options: { deadline_ms: 3_000 } })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses).toContain(200);
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(5);
  for (const { body, headers } of refused) {
    expect(problemSchema.parse(body)).toMatchObject({ code: 'MODEL_OVERLOADED', retryable: true });
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  }
  expect(await dropped(slow, 'refused')).toBe(refused.length);
});

test('nothing runs for callers that have left', async ({ slow }) => {
  const { http } = slow;
  const before = await dropped(slow, 'abandoned');
  const leave = new AbortController();
  const ask = (signal: AbortSignal | null) =>
    fetch(http.url + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...ENTITIES, options: { deadline_ms: 60_000 } }),
      signal,
    });
  const leaving = Array.from({ length: 30 }, () => ask(leave.signal).catch(() => 'left'));
  await vi.waitFor(
    async () =>
      expect((await http.get('/metrics')).text).toMatch(/runs_waiting\{model="ad_brightness"\} 2\d\n/),
    { timeout: 60_000, interval: 5 },
  );
  leave.abort();
  await Promise.all(leaving);
  expect((await ask(null)).status).toBe(200);
  // A few had a thread before they left.
  expect((await dropped(slow, 'abandoned')) - before).toBeGreaterThan(15);
});
