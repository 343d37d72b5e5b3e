import { once } from 'node:events';
import { revokeKey } from '@larder/access';
import { readAudit } from '@larder/offline-store';
import { startPostgresProxy } from '@larder/testing';
import { expect, onTestFinished } from 'vitest';
import { body } from '../testing/ads.ts';
import { createHttp, type Http, type HttpAnswer } from '../testing/http.ts';
import { test as serviceTest, type Service } from '../testing/inference-test.ts';
import { bearer, keyWith, startLocked, type Locked } from '../testing/locked.ts';
import { answerOn, openSocket, sendRaw } from '../testing/raw-http.ts';

const PREDICT = '/v1/models/ad_ctr/predict';

const test = serviceTest.extend<{ $file: { locked: Locked & { readonly http: Http } } }>({
  locked: [
    async ({ service }, use) => {
      const started = await startLocked(service);
      await use({ ...started, http: createHttp(started.inference.url) });
      await started.inference.close();
    },
    { scope: 'file' },
  ],
});

/** A service of its own for one test. */
async function another(service: Service, changes: Parameters<typeof startLocked>[1] = {}): Promise<Http> {
  const { inference } = await startLocked(service, changes);
  onTestFinished(() => inference.close());
  return createHttp(inference.url);
}

test('a key is sent as a bearer or in a header of its own', async ({ service, locked }) => {
  const { http } = locked;
  const { text } = await keyWith(service, ['predict']);
  const status = async (headers: Record<string, string>) =>
    (await http.post(PREDICT, body('ad-1'), headers)).status;
  expect(await status(bearer(text))).toBe(200);
  expect(await status({ authorization: `bEARER ${text}` })).toBe(200);
  expect(await status({ 'x-api-key': text })).toBe(200);
  // A proxy in front may use the other header for itself.
  expect(await status({ authorization: 'Basic eDp5', 'x-api-key': text })).toBe(200);
  for (const headers of [
    {},
    bearer(''),
    bearer(`${text}x`),
    bearer(`${text}, Bearer ${text}`),
    { authorization: text },
    { 'x-api-key': '' },
  ])
    expect(await status(headers)).toBe(401);
});

test('a bound scope holds for its model or view alone', async ({ service, locked }) => {
  const { http } = locked;
  const { text } = await keyWith(service, ['predict:ad_ctr', 'push:ad_image']);
  const headers = bearer(text);
  expect((await http.post(PREDICT, body('ad-1'), headers)).status).toBe(200);
  const other = await http.post('/v1/models/fragile_model/predict', { entities: {}, request: {} }, headers);
  expect(other.body).toMatchObject({
    code: 'SCOPE_MISSING',
    detail: 'This takes the scope predict or predict:fragile_model, which the key lacks.',
  });
  expect((await http.post('/v1/views/ad_stats/push', { rows: [] }, headers)).status).toBe(403);
  expect((await http.post('/v1/views/ad_image/push', { rows: [] }, headers)).status).toBe(422);
});

test('health needs no key; metrics and docs do not where the configuration says so', async ({ service }) => {
  const http = await another(service, { access: { publicRoutes: ['metrics', 'docs'] } });
  for (const path of [
    '/health/live',
    '/health/ready',
    '/metrics',
    '/docs',
    '/docs/swagger-ui.css',
    '/openapi.json',
  ])
    expect({ path, status: (await http.get(path)).status }).toEqual({ path, status: 200 });
  expect((await http.get('/v1/runs')).status).toBe(401);
});

test('a revoked key is refused, and its streams end', async ({ service, locked }) => {
  const { http, inference } = locked;
  const { text, keyId } = await keyWith(service, ['runs:read', 'push']);
  const headers = bearer(text);
  const pushed = await http.post(
    '/v1/backfills',
    { view: 'ad_image', scope: { all: true } },
    bearer((await keyWith(service, ['runs:write'])).text),
  );
  const { run_id: run } = pushed.body as { run_id: string };
  const stream = await fetch(`${inference.url}/v1/runs/${run}/events`, { headers });
  expect(stream.status).toBe(200);
  const ended = stream.text().then(
    () => 'ended',
    () => 'cut',
  );
  await revokeKey(service.offlineStore, { project: service.project.name, keyId, actor: 'test' });
  await expect.poll(async () => (await http.get('/v1/runs', headers)).status, { timeout: 30_000 }).toBe(401);
  expect(await ended).toBe('cut');
});

test('a revocation is in force within two seconds', async ({ service, locked }) => {
  const { http } = locked;
  const tookMs: number[] = [];
  // The best of some: a busy machine may delay a look, but not every one.
  for (let tries = 0; tries < 5 && !tookMs.some((took) => took < 2_000); tries++) {
    const { text, keyId } = await keyWith(service, ['runs:read']);
    const status = async () => (await http.get('/v1/runs', bearer(text))).status;
    await expect.poll(status, { timeout: 30_000 }).toBe(200);
    await revokeKey(service.offlineStore, { project: service.project.name, keyId, actor: 'test' });
    const revokedAtMs = performance.now();
    await expect.poll(status, { interval: 20, timeout: 30_000 }).toBe(401);
    tookMs.push(performance.now() - revokedAtMs);
  }
  expect(Math.min(...tookMs)).toBeLessThan(2_000);
});

test('what is still being sent ends with the key: events and rows', async ({ service }) => {
  const { inference } = await startLocked(service, {}, (_request, response) => {
    response.writeHead(200).write('the first of many');
  });
  onTestFinished(() => inference.close());
  const { text, keyId } = await keyWith(service, ['runs:read', 'training:read']);
  const streams = await Promise.all(
    ['/v1/runs/any/events', '/v1/training-sets/any/rows'].map((path) =>
      fetch(`${inference.url}${path}`, { headers: bearer(text) }),
    ),
  );
  expect(streams.map(({ status }) => status)).toEqual([200, 200]);
  await revokeKey(service.offlineStore, { project: service.project.name, keyId, actor: 'test' });
  for (const stream of streams) await expect(stream.text()).rejects.toThrow('terminated');
});

test('answers say what is left of a rate, and when to come back', async ({ service, locked }) => {
  const { http } = locked;
  const limited = () =>
    keyWith(service, ['predict', 'registry:read'], { rate: { requests: 30, windowSeconds: 3_600 } });
  const leftOf = ({ headers }: HttpAnswer) =>
    Number(/^"key";r=(\d+);t=\d+$/.exec(headers.get('ratelimit') ?? '')?.[1]);
  // The fixture's own service has its share, once both have heard of each other.
  const left = 14;
  await expect
    .poll(async () => leftOf(await http.post(PREDICT, body('ad-1'), bearer((await limited()).text))))
    .toBe(left);
  const { text } = await limited();
  const first = await http.post(PREDICT, body('ad-1'), bearer(text));
  expect([first.status, first.headers.get('ratelimit-policy')]).toEqual([200, '"key";q=30;w=3600']);
  expect(leftOf(first)).toBe(left);
  for (let used = 1; used <= left; used++) {
    const answer = await http.get('/v1/models', bearer(text));
    expect([answer.status, leftOf(answer)]).toEqual([200, left - used]);
  }
  const refused = await http.post(PREDICT, body('ad-1'), bearer(text));
  expect([refused.status, refused.body]).toEqual([429, expect.objectContaining({ code: 'RATE_LIMITED' })]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
  const unlimited = await http.get('/v1/models', bearer((await keyWith(service, ['registry:read'])).text));
  expect(unlimited.headers.get('ratelimit')).toBe(null);
});

test('answers announce that a key expires soon', async ({ service, locked }) => {
  const { http } = locked;
  const soon = await keyWith(service, ['predict'], { lifetimeMs: 13 * 86_400_000 });
  const later = await keyWith(service, ['predict'], { lifetimeMs: 15 * 86_400_000 });
  const expires = async (text: string) =>
    (await http.post(PREDICT, body('ad-1'), bearer(text))).headers.get('x-key-expires');
  expect(Date.parse((await expires(soon.text)) ?? '') - Date.now()).toBeGreaterThan(12 * 86_400_000);
  expect(await expires(later.text)).toBe(null);
});

test('an address that fails again and again is slowed down, but not those who have a key', async ({
  service,
}) => {
  const http = await another(service);
  const { text } = await keyWith(service, ['predict']);
  // Many at a time: what comes back in a second must not be what a busy machine takes to ask for it.
  const attempts = await Promise.all(Array.from({ length: 200 }, () => http.get('/v1/runs')));
  const refused = attempts.find(({ status }) => status !== 401) as HttpAnswer;
  expect([refused.status, refused.body]).toEqual([429, expect.objectContaining({ code: 'RATE_LIMITED' })]);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await http.post(PREDICT, body('ad-1'), bearer(text))).status).toBe(200);
});

test('a refused request keeps its connection, and the next one on it is answered', async ({
  service,
  locked,
}) => {
  const { inference } = locked;
  const { text } = await keyWith(service, ['predict']);
  const socket = openSocket(inference.url);
  const json = JSON.stringify(body('ad-1'));
  const head = `POST ${PREDICT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
  const ok = `${head}authorization: Bearer ${text}\r\ncontent-length: ${json.length}\r\n`;
  for (let round = 0; round < 3; round++) {
    socket.write(`${head}content-length: ${json.length}\r\n\r\n${json}`);
    socket.write(`${ok}\r\n${json}`);
  }
  socket.write(`${ok}connection: close\r\n\r\n${json}`);
  const { body: all } = await answerOn(socket);
  const statuses = [...`HTTP/1.1 401${all}`.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
  expect(statuses).toEqual(['401', '200', '401', '200', '401', '200', '200']);
});

test('a refused key is answered before a large body is sent, and the connection closes', async ({
  locked,
}) => {
  const { inference } = locked;
  for (const declared of ['content-length: 8000000', 'transfer-encoding: chunked']) {
    const socket = openSocket(inference.url);
    // Nothing of the body is ever sent.
    socket.write(
      `POST ${PREDICT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n${declared}\r\n\r\n`,
    );
    const { status, headers } = await answerOn(socket);
    expect([status, headers.get('connection')]).toEqual([401, 'close']);
  }
});

test('a body is invited only for a key that may send it', async ({ service, locked }) => {
  const { inference } = locked;
  const { text } = await keyWith(service, ['predict']);
  const json = JSON.stringify(body('ad-1'));
  const head = `POST ${PREDICT} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-type: application/json\r\ncontent-length: ${json.length}\r\nconnection: close\r\n`;
  const refused = openSocket(inference.url);
  refused.write(`${head}\r\n`);
  expect((await answerOn(refused)).status).toBe(401);
  const invited = openSocket(inference.url);
  invited.write(`${head}authorization: Bearer ${text}\r\n\r\n`);
  const [first] = (await once(invited, 'data')) as [Buffer];
  expect(first.toString()).toMatch(/^HTTP\/1\.1 100 /);
  invited.write(json);
  expect((await answerOn(invited)).status).toBe(200);
});

test('PostgreSQL is away: known keys go on predicting, unknown ones are asked to come back', async ({
  service,
}) => {
  const proxy = await startPostgresProxy(service.config.databaseUrl);
  onTestFinished(() => proxy.cut());
  const http = await another(service, { databaseUrl: proxy.url });
  const known = await keyWith(service, ['predict']);
  const predict = (text: string) => http.post(PREDICT, body('ad-1'), bearer(text));
  expect((await predict(known.text)).status).toBe(200);
  await proxy.cut();
  const later = await keyWith(service, ['predict']);
  const refused = await predict(later.text);
  expect([refused.status, refused.body, refused.headers.get('retry-after')]).toEqual([
    503,
    expect.objectContaining({ code: 'DATABASE_UNAVAILABLE' }),
    '2',
  ]);
  expect((await predict(known.text)).status).toBe(200);
  expect((await predict('lrd_live_x')).status).toBe(401);
  await proxy.restore();
  await expect.poll(async () => (await predict(later.text)).status, { timeout: 60_000 }).toBe(200);
});

test('the audit names the key', async ({ service, locked }) => {
  const { http } = locked;
  const { text, keyId } = await keyWith(service, ['runs:write'], { name: 'nightly' });
  const queued = await http.post('/v1/backfills', { view: 'ad_image', scope: { all: true } }, bearer(text));
  expect(queued.status).toBe(202);
  const { entries } = await readAudit(
    service.offlineStore,
    { project: service.project.name, keyId },
    { limit: 5 },
  );
  expect(entries).toMatchObject([{ action: 'run.backfill', actor: 'api key nightly', address: '127.0.0.1' }]);
});

test('refused requests are counted by route', async ({ service }) => {
  const http = await another(service, { access: { publicRoutes: ['metrics'] } });
  await http.post(PREDICT, body('ad-1'));
  await sendRaw(http.url, { line: 'GET /nothing HTTP/1.1' });
  const { text } = await http.get('/metrics');
  const counted = [...text.matchAll(/^larder_http_requests_total\{(.*status="401".*)\} 1$/gm)].map(
    ([, set]) => set,
  );
  expect(counted).toEqual([
    expect.stringContaining('/v1/models/{model}/predict'),
    expect.stringContaining('route="none"'),
  ]);
});
