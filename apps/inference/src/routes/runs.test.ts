import {
  backfillAnswerSchema,
  failuresAnswerSchema,
  problemSchema,
  runGraphAnswerSchema,
  runSchema,
  runsAnswerSchema,
} from '@larder/contracts';
import { describe, expect } from 'vitest';
import { test, type Service } from '../testing/inference-test.ts';

const ALL = { view: 'ad_image', scope: { all: true } };

async function backfill(
  { http }: Service,
  body: object = ALL,
  headers: Record<string, string> = {},
): Promise<string> {
  const answer = await http.post('/v1/backfills', body, headers);
  expect(answer.status).toBe(202);
  return backfillAnswerSchema.parse(answer.body).run_id;
}

describe('POST /v1/backfills', () => {
  test('queues a run and returns its location', async ({ service }) => {
    const answer = await service.http.post('/v1/backfills', {
      ...ALL,
      view: 'ad_image@1',
      limit: 10,
      priority: 80,
      max_rows_per_second: 5,
      force: true,
    });
    const { run_id: id, status } = backfillAnswerSchema.parse(answer.body);
    expect([answer.status, status, answer.headers.get('location')]).toEqual([
      202,
      'queued',
      `/v1/runs/${id}`,
    ]);
    const run = runSchema.parse((await service.http.get(`/v1/runs/${id}`)).body);
    expect(run).toMatchObject({
      run_id: id,
      view: 'ad_image',
      version: 1,
      trigger: 'backfill',
      status: 'queued',
      rows: { total: null, done: 0 },
      error: null,
    });
  });

  test('an Idempotency-Key makes it safe to repeat', async ({ service }) => {
    const key = { 'idempotency-key': 'monday-morning' };
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => backfill(service, ALL, key)));
    expect(others).toEqual([first, first]);
    const other = await service.http.post('/v1/backfills', { view: 'ad_stats', scope: { all: true } }, key);
    expect([other.status, problemSchema.parse(other.body).code]).toEqual([409, 'IDEMPOTENCY_KEY_REUSED']);
  });

  test.for<[string, string | object, number, string, string?]>([
    ['no JSON', '{', 400, 'REQUEST_MALFORMED'],
    ['no body', '', 400, 'REQUEST_MALFORMED'],
    ['no scope', { view: 'ad_image' }, 422, 'REQUEST_INVALID', '/scope'],
    [
      'two scopes',
      { view: 'ad_image', scope: { all: true, missing: true } },
      422,
      'REQUEST_INVALID',
      '/scope',
    ],
    ['all: false', { view: 'ad_image', scope: { all: false } }, 422, 'REQUEST_INVALID', '/scope/all'],
    ['an unknown member', { ...ALL, prio: 1 }, 422, 'REQUEST_INVALID', '/prio'],
    ['a priority beyond 100', { ...ALL, priority: 101 }, 422, 'REQUEST_INVALID', '/priority'],
    [
      'a rate of zero',
      { ...ALL, max_rows_per_second: 1e-300 },
      422,
      'REQUEST_INVALID',
      '/max_rows_per_second',
    ],
    [
      'a time before year 1',
      { ...ALL, scope: { event_time: { from: '0000-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' } } },
      422,
      'REQUEST_INVALID',
      '/scope/event_time/from',
    ],
    ['a limit of zero', { ...ALL, limit: 0 }, 422, 'REQUEST_INVALID', '/limit'],
    [
      'a time too far in the future',
      { ...ALL, scope: { event_time: { from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' } } },
      422,
      'REQUEST_INVALID',
      '/scope/event_time/from',
    ],
    [
      'a wrong key of an entity',
      { ...ALL, scope: { entities: [{ ad: 'ad-1' }] } },
      422,
      'REQUEST_INVALID',
      '/scope/entities/0/ad_id',
    ],
    ['an unknown view', { ...ALL, view: 'ad_picture' }, 404, 'VIEW_NOT_FOUND'],
    ['an unknown version', { ...ALL, view: 'ad_image@2' }, 404, 'VIEW_NOT_FOUND'],
    ['a view that is not a name', { ...ALL, view: 'Ad Image' }, 422, 'REQUEST_INVALID', '/view'],
  ])('%s is refused', async ([, body, status, code, pointer], { service }) => {
    const answer = await service.http.post('/v1/backfills', body);
    const problem = problemSchema.parse(answer.body);
    expect([answer.status, problem.code]).toEqual([status, code]);
    if (pointer !== undefined) expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
  });

  const SHAPES = /\{"all": true\}, \{"missing": true\}, \{"entities": .*\{"event_time": /;
  test.for<[unknown, string, string | RegExp]>([
    [undefined, '/scope', SHAPES],
    ['all', '/scope', SHAPES],
    [{}, '/scope', SHAPES],
    [{ all: true, limit: 1 }, '/scope/limit', 'is unknown'],
    [{ all: true, missing: true }, '/scope', SHAPES],
    [{ entities: [] }, '/scope/entities', 'must have at least 1 item'],
    [{ entities: 'ad-1' }, '/scope/entities', 'must be an array'],
    [{ event_time: { from: '2026-01-01' } }, '/scope/event_time/from', /^must be ISO 8601 with an offset/],
    [{ event_time: { from: '2026-01-01T00:00:00Z' } }, '/scope/event_time/to', 'is missing'],
    [{ missing: 1 }, '/scope/missing', 'must be true'],
  ])('the scope %j: what is wrong and what is allowed', async ([scope, pointer, detail], { service }) => {
    const answer = await service.http.post('/v1/backfills', { view: 'ad_image', scope });
    const { errors } = problemSchema.parse(answer.body);
    expect(errors).toContainEqual({
      pointer,
      detail: typeof detail === 'string' ? detail : expect.stringMatching(detail),
    });
  });

  test('another media type, a body beyond the limit, another method, an invalid key', async ({ service }) => {
    const { http } = service;
    const answers = [
      await http.post('/v1/backfills', ALL, { 'content-type': 'text/plain' }),
      await http.post('/v1/backfills', ALL, { 'content-encoding': 'gzip' }),
      await http.post('/v1/backfills', `{"view":"${'x'.repeat(2 * 1024 * 1024)}"}`),
      await http.get('/v1/backfills'),
      await http.post('/v1/backfills', ALL, { 'idempotency-key': 'with space' }),
    ];
    expect(answers.map(({ status, body }) => [status, problemSchema.parse(body).code])).toEqual([
      [415, 'MEDIA_TYPE_UNSUPPORTED'],
      [415, 'MEDIA_TYPE_UNSUPPORTED'],
      [413, 'REQUEST_TOO_LARGE'],
      [405, 'METHOD_NOT_ALLOWED'],
      [422, 'REQUEST_INVALID'],
    ]);
  });
});

describe('runs', () => {
  test('are listed newest first, page by page', async ({ service }) => {
    const { http } = service;
    const ids = [
      await backfill(service),
      await backfill(service),
      await backfill(service, { view: 'ad_stats', scope: { all: true } }),
    ];
    const first = runsAnswerSchema.parse((await http.get('/v1/runs?limit=2')).body);
    expect(first.runs.map(({ run_id: id }) => id)).toEqual([ids[2], ids[1]]);
    const second = runsAnswerSchema.parse((await http.get(`/v1/runs?limit=1&cursor=${first.cursor}`)).body);
    expect(second.runs[0]?.run_id).toBe(ids[0]);
    const stats = runsAnswerSchema.parse((await http.get('/v1/runs?view=ad_stats&status=queued')).body);
    expect(stats.runs.map(({ view }) => view)).toEqual(['ad_stats']);
    const version = runsAnswerSchema.parse((await http.get('/v1/runs?view=ad_stats@1')).body);
    expect(version.runs).toEqual(stats.runs);
    await service.offlineStore.pool.query('update larder.runs set version = 7 where run_id = $1', [ids[2]]);
    expect((await http.get('/v1/runs?view=ad_stats@1')).body).toMatchObject({ runs: [] });
    expect((await http.get('/v1/runs?view=ad_stats')).body).toMatchObject({ runs: [{ version: 7 }] });
  });

  test('can be paused, resumed and cancelled; an action that the state does not allow is a conflict', async ({
    service,
  }) => {
    const { http } = service;
    const id = await backfill(service);
    const act = async (action: string) => http.post(`/v1/runs/${id}/${action}`, '');
    expect(runSchema.parse((await act('pause')).body).status).toBe('paused');
    expect(runSchema.parse((await act('resume')).body).status).toBe('queued');
    expect(runSchema.parse((await act('cancel')).body).status).toBe('cancelled');
    const refused = await act('resume');
    expect([refused.status, problemSchema.parse(refused.body).code]).toEqual([409, 'RUN_STATE_CONFLICT']);
    const retried = await act('retry-failed');
    expect(retried.status).toBe(409);
  });

  test('an open run cannot be retried', async ({ service }) => {
    const id = await backfill(service);
    const answer = await service.http.post(`/v1/runs/${id}/retry-failed`, '');
    expect([answer.status, answer.body]).toMatchObject([
      409,
      {
        code: 'RUN_STATE_CONFLICT',
        detail: expect.stringContaining(
          'is queued; it cannot be retried. A run can be retried while it is partial or failed.',
        ),
      },
    ]);
  });

  test.for(['pause', 'resume', 'cancel', 'retry-failed'])(
    '%s takes no query and no body except {}',
    async (action, { service }) => {
      const path = `/v1/runs/${await backfill(service)}/${action}`;
      const refused = await service.http.post(path, { when: 'tomorrow' });
      expect(refused).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/when', detail: 'is unknown' }] },
      });
      expect(await service.http.post(path, '[]')).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '' }] },
      });
      expect(await service.http.post(path, '{')).toMatchObject({ status: 400 });
      expect(await service.http.post(`${path}?now=1`, '')).toMatchObject({
        status: 422,
        body: { errors: [{ pointer: '/query' }] },
      });
      expect((await service.http.post(path, {})).status).toBe(action === 'retry-failed' ? 409 : 200);
    },
  );

  test('list failed rows', async ({ service }) => {
    const id = await backfill(service);
    const { pool } = service.offlineStore;
    const { rows } = await pool.query<{ chunk_id: number }>(
      `insert into larder.chunks (run_id, ordinal, bounds, rows_total) values ($1, 1, '{}', 3) returning chunk_id`,
      [id],
    );
    for (const key of ['ad-1', 'ad-2', 'ad-3'])
      await pool.query(
        `insert into larder.row_failures (run_id, chunk_id, entity_key, code, reason, retryable)
         values ($1, $2, $3, 'PICTURE_NOT_FOUND', 'the host answers 404', false)`,
        [id, rows[0]?.chunk_id, key],
      );
    const first = failuresAnswerSchema.parse(
      (await service.http.get(`/v1/runs/${id}/failures?limit=2`)).body,
    );
    expect(first.failures.map(({ key, code, attempts }) => [key, code, attempts])).toEqual([
      ['ad-1', 'PICTURE_NOT_FOUND', 1],
      ['ad-2', 'PICTURE_NOT_FOUND', 1],
    ]);
    const rest = failuresAnswerSchema.parse(
      (await service.http.get(`/v1/runs/${id}/failures?cursor=${first.cursor}`)).body,
    );
    expect([rest.failures.map(({ key }) => key), rest.cursor]).toEqual([['ad-3'], null]);
  });

  test.for([
    ['/v1/runs/nope', 404, 'RUN_NOT_FOUND'],
    ['/v1/runs/01934567-89ab-7cde-8f01-23456789abcd', 404, 'RUN_NOT_FOUND'],
    ['/v1/runs/01934567-89ab-7cde-8f01-23456789abcd/failures', 404, 'RUN_NOT_FOUND'],
    ['/v1/runs/01934567-89ab-7cde-8f01-23456789abcd/events', 404, 'RUN_NOT_FOUND'],
    ['/v1/runs/01934567-89ab-7cde-8f01-23456789abcd/pause', 405, 'METHOD_NOT_ALLOWED'],
    ['/v1/runs?status=done', 422, 'REQUEST_INVALID'],
    ['/v1/runs?limit=0', 422, 'REQUEST_INVALID'],
    ['/v1/runs?limit=1&limit=2', 422, 'REQUEST_INVALID'],
    ['/v1/runs?cursor=nonsense', 422, 'REQUEST_INVALID'],
    ['/v1/runs?sort=asc', 422, 'REQUEST_INVALID'],
    ['/v1/runs?view=nothing', 404, 'VIEW_NOT_FOUND'],
    ['/v1/runs?view=ad_stats@9', 404, 'VIEW_NOT_FOUND'],
    ['/v1/runs?view=Ad', 422, 'REQUEST_INVALID'],
    ['/v1/nothing', 404, 'ROUTE_NOT_FOUND'],
    ['/V1/runs', 404, 'ROUTE_NOT_FOUND'],
  ] as const)('GET %s → %d %s', async ([path, status, code], { service }) => {
    const answer = await service.http.get(path);
    expect([answer.status, problemSchema.parse(answer.body).code]).toEqual([status, code]);
    expect(answer.headers.get('x-request-id')).toBeTruthy();
  });
});

describe('GET /v1/runs/{id}/graph', () => {
  test('answers with the run, what fed it and what it fed, each after its parents', async ({ service }) => {
    const [grandparent, aside, middle, child, stranger] = [
      await backfill(service),
      await backfill(service, { view: 'ad_stats', scope: { all: true } }),
      await backfill(service),
      await backfill(service),
      await backfill(service),
    ] as const;
    const link = (parent: string, run: string) => ({ parent_run_id: parent, run_id: run });
    const links = [link(grandparent, middle), link(aside, middle), link(middle, child)];
    for (const { parent_run_id: parent, run_id: run } of links)
      await service.offlineStore.pool.query('insert into larder.run_links values ($1, $2)', [parent, run]);
    const graph = async (id: string) => {
      const answer = await service.http.get(`/v1/runs/${id}/graph`);
      expect(answer.status).toBe(200);
      return runGraphAnswerSchema.parse(answer.body);
    };

    const ofMiddle = await graph(middle);
    expect(ofMiddle.runs.map((run) => run.run_id)).toEqual([grandparent, aside, middle, child]);
    expect(ofMiddle.runs[1]).toEqual((await service.http.get(`/v1/runs/${aside}`)).body);
    expect(new Set(ofMiddle.links.map((each) => JSON.stringify(each)))).toEqual(
      new Set(links.map((each) => JSON.stringify(each))),
    );
    // A sibling of the run is neither upstream nor downstream of it.
    const ofGrandparent = await graph(grandparent);
    expect(ofGrandparent.runs.map((run) => run.run_id)).toEqual([grandparent, middle, child]);
    expect(ofGrandparent.links).toHaveLength(2);
    expect(await graph(stranger)).toMatchObject({ runs: [{ run_id: stranger }], links: [] });
  });

  test('refuses an unknown run, an ID that is none, and a query', async ({ service }) => {
    const get = async (path: string) => {
      const { status, body } = await service.http.get(path);
      return [status, problemSchema.parse(body).code];
    };
    expect(await get('/v1/runs/01900000-0000-7000-8000-000000000000/graph')).toEqual([404, 'RUN_NOT_FOUND']);
    expect(await get('/v1/runs/nothing/graph')).toEqual([404, 'RUN_NOT_FOUND']);
    const run = await backfill(service);
    expect((await get(`/v1/runs/${run}/graph?depth=2`))[0]).toBe(422);
  });
});
