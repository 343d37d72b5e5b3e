import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '@larder/core';
import { readArrow } from '@larder/training/testing';
import { beforeAll, describe, expect } from 'vitest';
import { logger, test, type Service } from '../testing/inference-test.ts';
import { createHttp } from '../testing/http.ts';
import { startInference } from '../start-inference.ts';
import { environmentOf, startProcess } from '../testing/start-process.ts';

const FEATURES = 'ad_stats:clicks,ad_stats:ctr';
const ARROW = 'application/vnd.apache.arrow.stream';
const WAIT = { timeout: 150_000, interval: 50 };
let spine: string;

interface Answer {
  readonly training_set_id: string;
  readonly status: string;
  readonly error: { readonly code: string } | null;
}

beforeAll(() => {
  const at = new Date(Date.now() + 60_000).toISOString();
  spine = `ad_id,event_timestamp,clicked\nad-1,${at},true\nad-9,${at},false\n`;
});

/** One row of history, known from now on. */
async function push({ http }: Service): Promise<void> {
  const row = {
    ad_id: 'ad-1',
    event_timestamp: new Date().toISOString(),
    impressions: 400,
    clicks: 7,
    ctr: 0.5,
  };
  expect((await http.post('/v1/views/ad_stats/push', { rows: [row] })).status).toBe(200);
}

function upload(
  { http }: Pick<Service, 'http'>,
  query = `features=${FEATURES}`,
  content: string | Buffer = spine,
  type = 'text/csv',
) {
  return http.send(`/v1/training-sets?${query}`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: content as string,
  });
}

const idOf = ({ body }: { readonly body: unknown }): string => (body as Answer).training_set_id;
async function state({ http }: Pick<Service, 'http'>, id: string): Promise<Answer> {
  return (await http.get(`/v1/training-sets/${id}`)).body as Answer;
}
const statusOf = async (service: Pick<Service, 'http'>, id: string) => (await state(service, id)).status;
const filesOf = ({ config }: Service): string[] => {
  const { folder } = config.trainingSets;
  const files = existsSync(folder) ? readdirSync(folder, { recursive: true }) : [];
  return files.map(String).filter((name) => /\.(csv|parquet|arrow|json)$|building/.test(name));
};

test('rows that are sent come back with their features, in every format', async ({ service }) => {
  await push(service);
  const accepted = await upload(service, `features=${FEATURES}&format=parquet`);
  expect(accepted).toMatchObject({ status: 202, body: { status: 'queued' } });
  const id = idOf(accepted);
  expect(accepted.headers.get('location')).toBe(`/v1/training-sets/${id}`);
  await expect.poll(() => statusOf(service, id), WAIT).toBe('complete');
  expect(await state(service, id)).toMatchObject({
    error: null,
    progress: null,
    manifest: {
      spine: { rows: 2 },
      features: [{ name: 'ad_stats:clicks', nulls: 1 }, { name: 'ad_stats:ctr' }],
    },
  });
  const { http } = service;
  // Built again over HTTP, it needs its rows again: no file of this host is read because a record names it.
  const refused = (body: object) => http.post('/v1/training-sets', body);
  expect(await refused({ again: id })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/again' }] },
  });
  expect(await refused({ again: id, format: 'csv', model: 'ad_ctr' })).toMatchObject({
    status: 422,
    body: { errors: [{ pointer: '/model' }, { pointer: '/format' }] },
  });
  expect(await refused({ again: newId() })).toMatchObject({ status: 404 });
  const csv = await http.get(`/v1/training-sets/${id}/rows?format=csv`);
  expect(csv.headers.get('content-type')).toContain('text/csv');
  const [header, first, second] = csv.text.split('\n');
  expect(header).toBe('ad_id,event_timestamp,clicked,ad_stats:clicks,ad_stats:ctr');
  expect(first).toMatch(/^ad-1,.*,true,7(\.0)?,0\.5$/);
  expect(second).toMatch(/^ad-9,.*,false,,$/);
  const parquet = await fetch(`${http.url}/v1/training-sets/${id}/rows`);
  expect(
    Buffer.from(await parquet.arrayBuffer())
      .subarray(0, 4)
      .toString(),
  ).toBe('PAR1');
  const arrow = await fetch(`${http.url}/v1/training-sets/${id}/rows?format=arrow`);
  expect(arrow.headers.get('content-type')).toBe(ARROW);
  expect(readArrow(await arrow.arrayBuffer())).toMatchObject([
    { ad_id: 'ad-1', clicked: true, 'ad_stats:ctr': 0.5 },
    { ad_id: 'ad-9', clicked: false, 'ad_stats:ctr': null },
  ]);
  // The Arrow stream is rows to send, too.
  const sent = Buffer.from(
    await (await fetch(`${http.url}/v1/training-sets/${id}/rows?format=arrow`)).arrayBuffer(),
  );
  const again = idOf(
    await upload(service, 'features=ad_stats:impressions&time=event_timestamp', sent, ARROW),
  );
  await expect.poll(() => statusOf(service, again), WAIT).toBe('complete');
  expect((await http.get(`/v1/training-sets/${again}/rows?format=csv`)).text.split('\n')[1]).toMatch(
    /^ad-1,.*,true,7(\.0)?,0\.5,400(\.0)?$/,
  );
  expect((await http.get('/v1/training-sets?limit=1')).body).toMatchObject({
    training_sets: [{ training_set_id: again }],
  });
  expect(filesOf(service).filter((name) => name.startsWith('uploads'))).toEqual([]);

  // Nobody needs it any more.
  expect((await http.get(`/v1/training-sets/${id}/rows?part=train`)).status).toBe(422);
  await service.offlineStore.pool.query(
    `update larder.training_sets set host = 'elsewhere' where training_set_id = $1`,
    [id],
  );
  expect((await http.send(`/v1/training-sets/${id}`, { method: 'DELETE' })).status).toBe(200);
  expect((await http.get(`/v1/training-sets/${id}/rows`)).body).toMatchObject({
    code: 'TRAINING_SET_ELSEWHERE',
    detail: expect.stringContaining('host elsewhere'),
  });
  expect((await http.send(`/v1/training-sets/${id}`, { method: 'DELETE' })).status).toBe(421);
  await service.offlineStore.pool.query(
    `update larder.training_sets set host = $2 where training_set_id = $1`,
    [id, spawnSync('hostname', { encoding: 'utf8' }).stdout.trim()],
  );
  expect((await http.get(`/v1/training-sets/${id}/rows`)).body).toMatchObject({
    code: 'TRAINING_SET_FILES_GONE',
  });
});

describe('refused', () => {
  test.for([
    ['an unknown parameter', `features=${FEATURES}&colour=red`, 422, 'REQUEST_INVALID'],
    ['neither model nor features', '', 422, 'REQUEST_INVALID'],
    ['model and features', `model=ad_ctr&features=${FEATURES}`, 422, 'REQUEST_INVALID'],
    ['an unknown model', 'model=nobody', 404, 'MODEL_NOT_FOUND'],
    ['a column with U+0000', `features=${FEATURES}&time=a%00`, 422, 'REQUEST_INVALID'],
    ['a split by U+0000', `features=${FEATURES}&split=group:%00:0.5,0.5`, 422, 'REQUEST_INVALID'],
    ['a split that is not one', `features=${FEATURES}&split=half`, 422, 'REQUEST_INVALID'],
  ] as const)('at once: %s', async ([, query, status, code], { service }) => {
    expect(await upload(service, query)).toMatchObject({ status, body: { code } });
  });

  test('at once: no rows, too many of them, another encoding, a query', async ({ service }) => {
    expect(await upload(service, undefined, '')).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_MALFORMED' },
    });
    const large = Buffer.alloc(2 * service.config.trainingSets.uploadBytes, 'x');
    expect(await upload(service, undefined, large)).toMatchObject({ status: 413 });
    const stream = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 4; i++) controller.enqueue(large.subarray(0, large.length / 4));
        controller.close();
      },
    });
    const chunked = { method: 'POST', headers: { 'content-type': 'text/csv' }, body: stream, duplex: 'half' };
    expect(
      (await service.http.send(`/v1/training-sets?features=${FEATURES}`, chunked as RequestInit)).status,
    ).toBe(413);
    const packed = { 'content-type': 'text/csv', 'content-encoding': 'gzip' };
    const sent = { method: 'POST', headers: packed, body: spine };
    expect((await service.http.send(`/v1/training-sets?features=${FEATURES}`, sent)).status).toBe(415);
    const query = { features: ['ad_stats'], spine: { sql: { connection: 'ads', query: 'select 1' } } };
    expect((await service.http.post('/v1/training-sets', query)).body).toMatchObject({
      code: 'OPTION_NOT_SUPPORTED',
    });
    expect((await service.http.get(`/v1/training-sets/${newId()}`)).status).toBe(404);
    expect(filesOf(service).filter((name) => name.startsWith('uploads'))).toEqual([]);
  });

  test.for([
    ['bytes that are not Arrow', 'ARROW1', 'application/vnd.apache.arrow.stream', 'DATA_FILE_INVALID'],
    [
      'bytes that are not Parquet',
      'PAR1 and no more PAR1',
      'application/vnd.apache.parquet',
      'DATA_FILE_INVALID',
    ],
    ['no column with the keys', 'event_timestamp\n2026-11-01T00:00:00Z\n', 'text/csv', 'SPINE_INVALID'],
    ['times that are none', 'ad_id,event_timestamp\nad-1,yesterday\n', 'text/csv', 'SPINE_INVALID'],
    [
      'a path as a name',
      `ad_id,event_timestamp,"a','/etc/passwd"\nad-1,2026-11-01T00:00:00Z,x\n`,
      'text/csv',
      null,
    ],
  ] as const)('by the build: %s', async ([, content, type, code], { service }) => {
    const id = idOf(await upload(service, undefined, content, type));
    await expect.poll(() => statusOf(service, id), WAIT).toBe(code === null ? 'complete' : 'failed');
    if (code === null) return;
    expect((await state(service, id)).error?.code).toBe(code);
    expect((await service.http.get(`/v1/training-sets/${id}/rows`)).body).toMatchObject({
      code: 'TRAINING_SET_NOT_COMPLETE',
    });
  });
});

/** The process that builds a set now, once there is one. */
async function builderOf(pid: number | undefined): Promise<number> {
  let found: number | undefined;
  await expect.poll(() => (found = childOf(pid)), WAIT).toBeTypeOf('number');
  return found as number;
}

const childOf = (pid: number | undefined): number | undefined => {
  const { stdout } = spawnSync('pgrep', ['-P', String(pid), '-f', 'build-process'], { encoding: 'utf8' });
  return stdout.trim() === '' ? undefined : Number(stdout.trim());
};

test('two at once: one waits for the other, and beyond the queue callers are told when to come back', async ({
  service,
}) => {
  const sent = await Promise.all(Array.from({ length: 5 }, () => upload(service)));
  const accepted = sent.filter(({ status }) => status === 202);
  const refused = sent.filter(({ status }) => status === 429);
  expect([accepted.length, refused.length]).toEqual([3, 2]);
  expect(refused[0]?.headers.get('retry-after')).toBe('10');
  expect(refused[0]?.body).toMatchObject({ code: 'TRAINING_SET_QUEUE_FULL' });
  const states = await Promise.all(accepted.map((each) => statusOf(service, idOf(each))));
  expect(states.filter((status) => status === 'building').length).toBeLessThanOrEqual(1);
  // The last in the queue is cancelled before its turn.
  const last = idOf(accepted.at(-1) as { body: unknown });
  const cancelled = await service.http.send(`/v1/training-sets/${last}`, { method: 'DELETE' });
  expect(cancelled.body).toMatchObject({ status: 'failed', error: { code: 'TRAINING_SET_STOPPED' } });
  for (const each of accepted.slice(0, 2))
    await expect.poll(() => statusOf(service, idOf(each)), WAIT).toBe('complete');
});

test('a build whose process is killed, or that is cancelled, has failed, and the next one runs', async ({
  service,
}) => {
  const killed = idOf(await upload(service));
  process.kill(await builderOf(process.pid), 'SIGKILL');
  await expect.poll(() => statusOf(service, killed), WAIT).toBe('failed');
  expect((await state(service, killed)).error).toMatchObject({ code: 'TRAINING_SET_STOPPED' });
  const cancelled = idOf(await upload(service));
  await builderOf(process.pid);
  const answer = await service.http.send(`/v1/training-sets/${cancelled}`, { method: 'DELETE' });
  expect(answer.body).toMatchObject({ status: 'failed' });
  const next = idOf(await upload(service));
  await expect.poll(() => statusOf(service, next), WAIT).toBe('complete');
  expect(filesOf(service).filter((name) => /uploads|building/.test(name))).toEqual([]);
});

test('a service that stops ends its build and records it', async ({ service, config }) => {
  const other = await startInference(config, logger);
  const http = createHttp(other.url);
  const id = idOf(await upload({ http }));
  await builderOf(process.pid);
  await other.close();
  expect(childOf(process.pid)).toBeUndefined();
  expect(await state(service, id)).toMatchObject({
    status: 'failed',
    error: { code: 'TRAINING_SET_STOPPED' },
  });
});

test('a service that is killed takes its build with it, and others show it as failed', async ({
  service,
  config,
}) => {
  const started = startProcess({ ...environmentOf(config), LARDER_LOG_LEVEL: 'info' });
  const http = createHttp(await started.url());
  const id = idOf(await upload({ http }));
  const child = await builderOf(started.pid);
  started.kill('SIGKILL');
  await started.exited;
  await expect.poll(() => existsSync(join('/proc', String(child))), WAIT).toBe(false);
  // As if its last heartbeat were long ago.
  await service.offlineStore.pool.query(
    `update larder.training_sets set created_at = now() - interval '1 minute' where training_set_id = '${id}'`,
  );
  await service.offlineStore.pool.query(
    `delete from larder.processes p using larder.training_sets t where t.training_set_id = '${id}' and p.process_id = t.process_id::text`,
  );
  expect(await state(service, id)).toMatchObject({
    status: 'failed',
    error: { code: 'TRAINING_SET_STOPPED' },
  });
});
