import { createBackfill } from '@larder/materialization/runs';
import { expect, onTestFinished } from 'vitest';
import { startInference } from '../start-inference.ts';
import { body } from '../testing/ads.ts';
import { logger, test, type Service } from '../testing/inference-test.ts';
import { codeOf, sendRaw } from '../testing/raw-http.ts';

const REFUSED = '403 CROSS_SITE_REFUSED';

async function queue({ offlineStore, project }: Service): Promise<string> {
  const run = await createBackfill(offlineStore, {
    manifest: project.manifest,
    view: 'ad_image',
    scope: { all: true },
  });
  return run.runId;
}

/** A request as a page would send it: a form or a fetch without a body needs no CORS preflight. */
async function cancel(url: string, runId: string, headers: readonly string[]): Promise<string> {
  const line = `POST /v1/runs/${runId}/cancel HTTP/1.1`;
  return codeOf(await sendRaw(url, { line, headers: [`host: ${new URL(url).host}`, ...headers] }));
}

test('a page of another site cannot act on a run', async ({ service }) => {
  const { http } = service;
  const runId = await queue(service);
  for (const headers of [
    ['origin: https://evil.example', 'sec-fetch-site: cross-site'],
    ['origin: https://evil.example'],
    ['sec-fetch-site: cross-site'],
    ['origin: null'],
    // A page on another port of this machine is still a page of another site.
    ['origin: http://localhost:3000', 'sec-fetch-site: same-site'],
    ['origin: http://127.0.0.1:3000'],
    [`origin: ${http.url}.evil.example`],
    [`origin: ${http.url}`, 'origin: https://evil.example'],
    [`origin: ${http.url}`, 'sec-fetch-site: cross-site'],
  ])
    expect([headers, await cancel(http.url, runId, headers)]).toEqual([headers, REFUSED]);
  expect((await http.get(`/v1/runs/${runId}`)).body).toMatchObject({ status: 'queued' });
});

test('its own pages and other programs can act on a run', async ({ service }) => {
  const { http } = service;
  for (const headers of [
    [],
    [`origin: ${http.url}`, 'sec-fetch-site: same-origin'],
    [`origin: ${http.url}`],
    ['sec-fetch-site: none'],
  ])
    expect([headers, await cancel(http.url, await queue(service), headers)]).toEqual([headers, '200']);
});

test('a page of a configured host can act on a run, and * does not allow any page', async ({ service }) => {
  const start = async (allowedHosts: readonly string[]) => {
    const inference = await startInference({ ...service.config, allowedHosts }, logger);
    onTestFinished(() => inference.close());
    return inference.url;
  };
  const console = ['origin: https://console.example.com', 'sec-fetch-site: cross-site'];
  const named = await start(['console.example.com']);
  expect(await cancel(named, await queue(service), console)).toBe('200');
  const any = await start(['*']);
  expect(await cancel(any, await queue(service), console)).toBe(REFUSED);
});

test('reading is allowed from anywhere; a prediction is a write', async ({ service }) => {
  const { http } = service;
  const foreign = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  expect((await http.get('/v1/runs', foreign)).status).toBe(200);
  const predicted = await http.post('/v1/models/ad_ctr/predict', body('ad-1'), foreign);
  expect([predicted.status, predicted.body]).toMatchObject([403, { code: 'CROSS_SITE_REFUSED' }]);
});
