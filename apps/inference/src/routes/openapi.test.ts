import type { RequestListener } from 'node:http';
import { putRows } from '@larder/serving/testing';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { expect } from 'vitest';
import { predictFirst } from '../create-server.ts';
import { startInference } from '../start-inference.ts';
import { createHttp, type Http, type HttpAnswer } from '../testing/http.ts';
import { logger, test, type Service } from '../testing/inference-test.ts';

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}

interface Operation {
  readonly responses: Readonly<Record<string, Response>>;
  readonly requestBody?: object;
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** One request of the test: its operation, how to send it, and the expected status. */
interface Step {
  readonly operation: string;
  readonly path: string;
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Compiled schemas of all answers. */
const WALK_TIMEOUT_MS = 300_000;
const NO_RUN = '01999999-9999-7999-8999-999999999999';
const INPUT = {
  entities: { ad_id: 'ad-1', country: 'NL', shopper_id: 7 },
  request: { requested_at: '2026-11-20T06:30:00Z', placement: 'feed', bid: 0.5 },
};
const TRAINING_SET = { model: 'ad_ctr', spine: { predictions: { model: 'ad_ctr' } } };
const MOVE = { version: 1, reason: 'the walk', accept_incomplete: true };
const LABEL = {
  name: 'clicked',
  event_id: 'walk-1',
  entity: 'ad',
  key: 'ad-1',
  event_timestamp: '2026-11-20T06:31:00Z',
  value: true,
};
const EVENT = { event_id: 'e1', event_timestamp: new Date().toISOString(), ad_id: 'ad-1' };
const ROW = { ad_id: 'ad-1', event_timestamp: '2026-11-20T06:30:00Z', impressions: 10, clicks: 1, ctr: 0.1 };

/** Good and bad requests of every operation; `run` has failures and stays open. */
function steps(run: string): Step[] {
  const get = (operation: string, path: string, status = 200): Step => ({
    operation: `get ${operation}`,
    path,
    status,
  });
  const post = (
    operation: string,
    path: string,
    [status, body, headers]: [number, unknown?, Record<string, string>?],
  ): Step => ({
    operation: `post ${operation}`,
    path,
    status,
    body: body ?? {},
    ...(headers && { headers }),
  });
  const alias = '/v1/models/{model}/aliases/{alias}';
  const put = (path: string, answer: [number, unknown, Record<string, string>?]): Step => ({
    ...post(alias, path, answer),
    operation: `put ${alias}`,
  });
  const erase = (path: string, status: number): Step => ({
    ...get('/v1/entities/{entity}/{key}', path, status),
    operation: 'delete /v1/entities/{entity}/{key}',
  });
  const drop = (path: string, status: number): Step => ({
    ...put(path, [status, {}, { 'if-match': '*' }]),
    operation: `delete ${alias}`,
  });
  const back = `${alias}/rollback`;
  const move = `${alias}/moves/{move_id}`;
  const mark = '/v1/models/{model}/versions/{version}/mark';
  const predict = '/v1/models/{model}/predict';
  const batch = '/v1/models/{model}/predict-batch';
  const online = '/v1/features/online';
  const push = '/v1/views/{view}/push';
  const events = '/v1/events/{source}';
  const backfill = { view: 'ad_stats', scope: { all: true } };
  return [
    post(predict, '/v1/models/ad_ctr/predict', [200, INPUT]),
    post(predict, '/v1/models/ad_ctr/predict', [200, { ...INPUT, options: { features: true } }]),
    post(predict, '/v1/models/ad_ctr/predict', [422, { entities: { ad_id: 7 } }]),
    post(predict, '/v1/models/ad_ctr/predict', [400, '{']),
    post(predict, '/v1/models/ad_ctr/predict', [415, INPUT, { 'content-type': 'text/plain' }]),
    post(predict, '/v1/models/nothing/predict', [404, INPUT]),
    post(predict, '/v1/models/fragile_model/predict', [500, { entities: {}, request: { how: 'throw' } }]),
    post(batch, '/v1/models/ad_ctr/predict-batch', [200, { rows: [INPUT, { entities: {} }] }]),
    post(batch, '/v1/models/ad_ctr/predict-batch', [422, { rows: [] }]),
    post(batch, '/v1/models/ad_ctr/predict-batch', [404, { rows: [INPUT], options: { version: 9 } }]),
    post(online, online, [
      200,
      { features: ['ad_image', 'ad_stats:ctr'], entities: [{ ad_id: 'ad-1' }, { ad_id: 'x' }] },
    ]),
    post(online, online, [422, { features: ['nothing'], entities: [{ ad_id: 'ad-1' }] }]),
    post(online, online, [400, '[']),
    post(push, '/v1/views/ad_stats/push', [
      200,
      { rows: [ROW, { ad_id: 'ad-2' }] },
      { 'idempotency-key': 'walk' },
    ]),
    post(push, '/v1/views/ad_stats/push', [409, { rows: [ROW] }, { 'idempotency-key': 'walk' }]),
    post(push, '/v1/views/nothing/push', [404, { rows: [ROW] }]),
    post(push, '/v1/views/ad_stats/push', [422, { rows: [] }]),
    post(events, '/v1/events/clicks', [200, { events: [EVENT, { event_id: 'e2' }] }]),
    post(events, '/v1/events/clicks', [422, { events: [] }]),
    post(events, '/v1/events/nothing', [404, { events: [EVENT] }]),
    get('/v1/models/{model}/inputs', '/v1/models/ad_ctr/inputs?version=1'),
    get('/v1/models/{model}/inputs', '/v1/models/ad_ctr/inputs?version=x!', 422),
    get('/v1/models/{model}/inputs', '/v1/models/nothing/inputs', 404),
    get('/v1/models/{model}/parity', '/v1/models/ad_ctr/parity?limit=10'),
    get('/v1/models/{model}/parity', '/v1/models/nothing/parity', 404),
    get('/v1/models/{model}/parity', '/v1/models/ad_ctr/parity?limit=0', 422),
    get('/v1/comparison', '/v1/comparison?before=ad_stats@1&after=ad_stats@1'),
    get('/v1/comparison', '/v1/comparison?before=ad_stats@1&after=ad_stats@9', 404),
    get('/v1/comparison', '/v1/comparison?before=ad_stats', 422),
    get('/v1/predictions', '/v1/predictions?model=ad_ctr&histogram=4'),
    get('/v1/predictions', '/v1/predictions?limit=0', 422),
    get('/v1/predictions/{prediction_id}', '/v1/predictions/01934567-89ab-7cde-8f01-23456789abcd', 404),
    get('/v1/predictions/{prediction_id}', '/v1/predictions/x', 422),
    post('/v1/labels', '/v1/labels', [200, { labels: [LABEL] }]),
    post('/v1/labels', '/v1/labels', [422, { labels: [] }]),
    get('/v1/labels', '/v1/labels?entity=ad&key=ad-1'),
    get('/v1/labels', '/v1/labels?entity=ad', 422),
    get('/v1/entities', '/v1/entities'),
    get('/v1/entities', '/v1/entities?a=b', 422),
    get('/v1/entities/{entity}', '/v1/entities/ad?limit=1'),
    get('/v1/entities/{entity}', '/v1/entities/nothing', 404),
    get('/v1/entities/{entity}', '/v1/entities/ad?limit=x', 422),
    get('/v1/entities/{entity}/{key}', '/v1/entities/ad/ad-1'),
    get('/v1/entities/{entity}/{key}', '/v1/entities/ad/nobody', 404),
    erase('/v1/entities/ad/nobody', 200),
    erase('/v1/entities/nothing/nobody', 404),
    post('/v1/entities/{entity}/{key}/allow-again', '/v1/entities/ad/nobody/allow-again', [503]),
    post('/v1/entities/{entity}/{key}/allow-again', '/v1/entities/ad/not-erased/allow-again', [404]),
    get('/v1/erasures/{receipt_id}', '/v1/erasures/01934567-89ab-7cde-8f01-23456789abcd', 404),
    get('/v1/views', '/v1/views'),
    get('/v1/views', '/v1/views?a=b', 422),
    get('/v1/views/{view}', '/v1/views/ad_image@1'),
    get('/v1/views/{view}', '/v1/views/offer'),
    get('/v1/views/{view}', '/v1/views/nothing', 404),
    get('/v1/queue/pressure', '/v1/queue/pressure'),
    get('/v1/queue/pressure', '/v1/queue/pressure?a=b', 422),
    get('/v1/status', '/v1/status'),
    get('/v1/status', '/v1/status?a=b', 422),
    // Without a key nobody manages keys; access/api-keys.test.ts has one.
    get('/v1/api-keys', '/v1/api-keys', 401),
    post('/v1/api-keys', '/v1/api-keys', [401, { name: 'walk', role: 'admin' }]),
    post('/v1/api-keys/{id}/rotate', '/v1/api-keys/k3Fq9ZtA0b/rotate', [401]),
    post('/v1/api-keys/{id}/revoke', '/v1/api-keys/k3Fq9ZtA0b/revoke', [401]),
    get('/v1/audit', '/v1/audit?limit=5'),
    get('/v1/audit', '/v1/audit?limit=0', 422),
    get('/v1/processes', '/v1/processes'),
    get('/v1/processes', '/v1/processes?a=b', 422),
    get('/v1/models', '/v1/models'),
    get('/v1/models', '/v1/models?a=b', 422),
    get('/v1/models/{model}', '/v1/models/ad_ctr'),
    get('/v1/models/{model}', '/v1/models/nothing', 404),
    get('/v1/models/{model}/versions', '/v1/models/ad_ctr/versions'),
    get('/v1/models/{model}/versions', '/v1/models/nothing/versions', 404),
    get(alias, '/v1/models/ad_ctr/aliases/champion'),
    get(alias, '/v1/models/ad_ctr/aliases/nothing', 404),
    put('/v1/models/ad_ctr/aliases/shadow', [200, MOVE, { 'if-none-match': '*' }]),
    put('/v1/models/ad_ctr/aliases/shadow', [412, MOVE, { 'if-none-match': '*' }]),
    put('/v1/models/ad_ctr/aliases/shadow', [428, MOVE]),
    put('/v1/models/ad_ctr/aliases/shadow', [404, { ...MOVE, version: 9 }, { 'if-match': '*' }]),
    get('/v1/models/{model}/aliases', '/v1/models/ad_ctr/aliases'),
    get(move, '/v1/models/ad_ctr/aliases/shadow/moves/1'),
    get(move, '/v1/models/ad_ctr/aliases/shadow/moves/99', 404),
    get(move, '/v1/models/ad_ctr/aliases/shadow/moves/x', 422),
    post(back, '/v1/models/ad_ctr/aliases/shadow/rollback', [409, { reason: 'r' }, { 'if-match': '*' }]),
    post(back, '/v1/models/ad_ctr/aliases/nothing/rollback', [404, { reason: 'r' }, { 'if-match': '*' }]),
    post(back, '/v1/models/ad_ctr/aliases/shadow/rollback', [428, { reason: 'r' }]),
    drop('/v1/models/ad_ctr/aliases/nothing?reason=r', 404),
    drop('/v1/models/ad_ctr/aliases/shadow?reason=r', 200),
    drop('/v1/models/ad_ctr/aliases/shadow', 422),
    post(mark, '/v1/models/ad_ctr/versions/1/mark', [200, { mark: 'good', reason: 'the walk' }]),
    post(mark, '/v1/models/ad_ctr/versions/9/mark', [404, { mark: 'bad', reason: 'the walk' }]),
    post(mark, '/v1/models/ad_ctr/versions/1/mark', [422, { mark: 'fine' }]),
    get('/v1/model-records', '/v1/model-records'),
    get('/v1/manifest', '/v1/manifest'),
    get('/v1/erasures', '/v1/erasures?limit=1'),
    get('/v1/erasures', '/v1/erasures?limit=0', 422),
    get('/v1/models/{model}/aliases', '/v1/models/nothing/aliases', 404),
    post('/v1/plan', '/v1/plan', [200, {}]),
    post('/v1/plan', '/v1/plan', [422, { code: 'x' }]),
    post('/v1/apply', '/v1/apply', [200, { prune: false }]),
    post('/v1/apply', '/v1/apply', [422, { yes: 1 }]),
    post('/v1/training-sets', '/v1/training-sets', [202, TRAINING_SET]),
    post('/v1/training-sets', '/v1/training-sets', [422, { model: 'ad_ctr' }]),
    post('/v1/training-sets', '/v1/training-sets', [404, { ...TRAINING_SET, model: 'nothing' }]),
    get('/v1/training-sets', '/v1/training-sets?limit=5'),
    get('/v1/training-sets', '/v1/training-sets?limit=0', 422),
    get('/v1/training-sets/{id}', `/v1/training-sets/${NO_RUN}`, 404),
    {
      operation: 'delete /v1/training-sets/{id}',
      path: `/v1/training-sets/${NO_RUN}`,
      status: 404,
      body: {},
    },
    get('/v1/training-sets/{id}/rows', `/v1/training-sets/${NO_RUN}/rows`, 404),
    post('/v1/backfills', '/v1/backfills', [202, backfill, { 'idempotency-key': 'walk-backfill' }]),
    post('/v1/backfills', '/v1/backfills', [
      409,
      { ...backfill, limit: 1 },
      { 'idempotency-key': 'walk-backfill' },
    ]),
    post('/v1/backfills', '/v1/backfills', [404, { ...backfill, view: 'nothing' }]),
    post('/v1/backfills', '/v1/backfills', [422, { view: 'ad_stats' }]),
    get('/v1/runs', '/v1/runs?limit=5'),
    get('/v1/runs', '/v1/runs?status=lost', 422),
    get('/v1/runs/{id}', `/v1/runs/${run}`),
    get('/v1/runs/{id}', `/v1/runs/${NO_RUN}`, 404),
    get('/v1/runs/{id}/graph', `/v1/runs/${run}/graph`),
    get('/v1/runs/{id}/graph', `/v1/runs/${NO_RUN}/graph`, 404),
    get('/v1/runs/{id}/failures', `/v1/runs/${run}/failures`),
    get('/v1/runs/{id}/failures', `/v1/runs/${NO_RUN}/failures`, 404),
    get('/v1/runs/{id}/events', `/v1/runs/${run}/events`),
    get('/v1/runs/{id}/events', `/v1/runs/${NO_RUN}/events`, 404),
    post('/v1/runs/{id}/pause', `/v1/runs/${run}/pause`, [409]),
    post('/v1/runs/{id}/resume', `/v1/runs/${run}/resume`, [409]),
    post('/v1/runs/{id}/cancel', `/v1/runs/${run}/cancel`, [409]),
    post('/v1/runs/{id}/retry-failed', `/v1/runs/${run}/retry-failed`, [200]),
    post('/v1/runs/{id}/retry-failed', `/v1/runs/${run}/retry-failed`, [409]),
    post('/v1/runs/{id}/pause', `/v1/runs/${run}/pause`, [200]),
    post('/v1/runs/{id}/resume', `/v1/runs/${run}/resume`, [200]),
    post('/v1/runs/{id}/cancel', `/v1/runs/${run}/cancel`, [200]),
    post('/v1/runs/{id}/retry-failed', `/v1/runs/${run}/retry-failed`, [409]),
    get('/health/live', '/health/live'),
    get('/health/ready', '/health/ready'),
    get('/metrics', '/metrics'),
    get('/openapi.json', '/openapi.json'),
    get('/docs', '/docs'),
    post('/v1/models/ad_ctr/predict', '/v1/models/ad_ctr/predict', [200, INPUT]),
    post('/v1/models/ad_ctr/predict', '/v1/models/ad_ctr/predict', [422, {}]),
    post('/v1/models/ad_ctr/predict-batch', '/v1/models/ad_ctr/predict-batch', [200, { rows: [INPUT] }]),
  ];
}

const TOO_LARGE = ' '.repeat(8 * 1024 * 1024 + 1);

/** Requests that every operation of a kind refuses; `known` has one request of each. */
function refusals(known: readonly Step[], document: Document): Step[] {
  return known.flatMap((step): Step[] => {
    if (step.operation.includes(' /v1/api-keys')) return [];
    const [method = '', route = ''] = step.operation.split(' ');
    if (method === 'get' || method === 'delete')
      return [{ ...step, path: `${bare(step)}?colour=red`, status: 422 }];
    const refused = [
      { ...step, body: '{', status: 400 },
      { ...step, body: TOO_LARGE, status: 413 },
      { ...step, body: '{}', headers: { 'content-type': 'text/plain' }, status: 415 },
      { ...step, path: `${bare(step)}?colour=red`, status: 422 },
    ];
    return document.paths[route]?.[method]?.requestBody === undefined
      ? [...refused, { ...step, body: { more: 1 }, status: 422 }]
      : refused;
  });
}

function bare({ path }: Step): string {
  return path.split('?')[0] ?? path;
}

const send = (http: Http, { operation, path, body, headers }: Step): Promise<HttpAnswer> => {
  if (operation.startsWith('get ')) return http.get(path, headers);
  if (operation.startsWith('delete ')) {
    if (body === undefined) return http.send(path, { method: 'DELETE' });
    const text = typeof body === 'string' ? body : JSON.stringify(body ?? {});
    const init = {
      method: 'DELETE',
      headers: { 'content-type': 'application/json', ...headers },
      body: text,
    };
    return http.send(path, init);
  }
  return operation.startsWith('put ') ? http.put(path, body, headers) : http.post(path, body, headers);
};

/** Compiles the answers of a document; strict: an unknown keyword or format is an error. */
function answerValidator(document: Document) {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  formats.default(ajv);
  // Annotations of OpenAPI.
  for (const keyword of ['example', 'components', 'openapi', 'info', 'tags', 'paths'])
    ajv.addKeyword(keyword);
  ajv.addSchema({ $id: 'openapi', ...document });
  const compiled = new Map<string, ValidateFunction>();
  return (pointer: readonly string[]): ValidateFunction => {
    const ref = `openapi#/${pointer.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/')}`;
    const known = compiled.get(ref) ?? ajv.compile({ $ref: ref });
    compiled.set(ref, known);
    return known;
  };
}

/** Creates a run by a push with a rejected row: it has failures and ends by itself. */
async function partialRun({ http, onlineStore, project }: Service): Promise<string> {
  await putRows(onlineStore, project, [
    { ref: 'shopper_profile@1', keys: { country: 'NL', shopper_id: 7 }, values: { age: 31, premium: true } },
  ]);
  const { body } = await http.post('/v1/views/ad_stats/push', {
    rows: [ROW, { ...ROW, clicks: null, ctr: 'x' }],
  });
  return (body as { run_id: string }).run_id;
}

test(
  'every operation answers good and bad requests as documented',
  async ({ service }) => {
    const { http } = service;
    const document = (await http.get('/openapi.json')).body as Document;
    const good = steps(await partialRun(service));
    const oneOfEach = new Map(good.toReversed().map((step) => [step.operation, step]));
    const walk = [...good, ...refusals([...oneOfEach.values()], document)];
    const validator = answerValidator(document);
    for (const step of walk) {
      const answer = await send(http, step);
      const where = `${step.operation} (${step.path}) ${answer.status} ${answer.text.slice(0, 300)}`;
      const [method = '', route = ''] = step.operation.split(' ');
      const mediaType = answer.headers.get('content-type')?.split(';')[0] ?? '';
      const response = document.paths[route]?.[method]?.responses[answer.status];
      expect({ where, status: answer.status, documented: Object.keys(response?.content ?? {}) }).toEqual({
        where,
        // A move may be recorded before it is in force everywhere.
        status: method === 'put' && step.status === 200 ? expect.toBeOneOf([200, 202]) : step.status,
        documented: [mediaType],
      });
      const validate = validator([
        'paths',
        route,
        method,
        'responses',
        String(answer.status),
        'content',
        mediaType,
        'schema',
      ]);
      const valid = validate(mediaType.endsWith('json') ? answer.body : answer.text);
      if (answer.status === 200 && document.paths[route]?.[method]?.requestBody !== undefined) {
        const sent = validator([
          'paths',
          route,
          method,
          'requestBody',
          'content',
          'application/json',
          'schema',
        ]);
        expect({ where, sent: sent(step.body) }).toEqual({ where, sent: true });
      }
      const requestId = answer.headers.get('x-request-id');
      expect({ where, requestId, errors: valid ? [] : validate.errors }).toEqual({
        where,
        requestId: expect.any(String),
        errors: [],
      });
    }
    // The paths of the other models are the same operations with other fields.
    const operations = Object.entries(document.paths)
      .filter(([route]) => !/^\/v1\/models\/(ad_brightness|fragile_model)\/predict/.test(route))
      .flatMap(([route, methods]) => Object.keys(methods).map((method) => `${method} ${route}`));
    expect([...new Set(walk.map(({ operation }) => operation))].toSorted()).toEqual(operations.toSorted());
  },
  WALK_TIMEOUT_MS,
);

test('an answer with fewer or more members than documented does not pass', async ({ service }) => {
  const { http } = service;
  const predict = '/v1/models/{model}/predict';
  const validator = answerValidator((await http.get('/openapi.json')).body as Document);
  const schema = (status: string, mediaType: string) =>
    validator(['paths', predict, 'post', 'responses', status, 'content', mediaType, 'schema']);
  const cases = [
    [schema('200', 'application/json'), await http.post('/v1/models/ad_ctr/predict', INPUT), 'outputs'],
    [schema('422', 'application/problem+json'), await http.post('/v1/models/ad_ctr/predict', {}), 'code'],
  ] as const;
  for (const [validate, { body }, required] of cases) {
    expect(validate(body)).toBe(true);
    expect(validate({ ...(body as object), more: 1 })).toBe(false);
    expect(validate({ ...(body as object), [required]: undefined })).toBe(false);
  }
});

test('every route of the app is documented', async ({ service }) => {
  let app: RequestListener | undefined;
  const inference = await startInference(service.config, logger, {
    compose: (predict, express) => predictFirst(predict, (app = express)),
  });
  const document = (await createHttp(inference.url).get('/openapi.json')).body as Document;
  await inference.close();
  const routes = routesOf(app);
  expect(routes).toContain('POST /v1/runs/{id}/pause');
  const documented = Object.entries(document.paths)
    .filter(([path]) => !/^\/v1\/models\/[a-z_]+\/predict/.test(path))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  // access/every-route.test.ts sends each operation and looks at who got it.
  const raw = ['POST /v1/models/{model}/predict', 'POST /v1/models/{model}/predict-batch'];
  expect([...routes, ...raw].toSorted()).toEqual(documented.toSorted());
});

interface Layer {
  readonly route?: { readonly path: string; readonly stack: readonly { readonly method?: string }[] };
  readonly handle?: { readonly stack?: readonly Layer[] };
}

/** Methods and paths of an Express app, including nested routers, as written in OpenAPI. */
function routesOf(app: unknown): string[] {
  const visit = (layers: readonly Layer[]): string[] =>
    layers.flatMap(({ route, handle }) => [
      ...(route?.stack ?? []).flatMap(({ method }) =>
        // A handler of all methods refuses them.
        method === undefined ? [] : [`${method.toUpperCase()} ${pathOf(route?.path ?? '')}`],
      ),
      ...visit(handle?.stack ?? []),
    ]);
  return [...new Set(visit((app as { router: { stack: readonly Layer[] } }).router.stack))];
}

function pathOf(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}
