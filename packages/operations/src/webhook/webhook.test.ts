import { fork } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLogger, newId } from '@larder/core';
import type { Manifest } from '@larder/features';
import { createRun } from '@larder/materialization/runs';
import { appendHistory, ensureHistory, type OfflineStore } from '@larder/offline-store';
import { row, test as base, view } from '@larder/offline-store/testing';
import { createPoster } from '@larder/outbound';
import { expect, onTestFinished } from 'vitest';
import { reconcileIncidents } from '../incidents/reconcile-incidents.ts';
import type { RedisFacts } from '../status/redis-facts.ts';
import { sendNextNotice, type SendOptions } from './send-notices.ts';
import { startIncidents } from './start-incidents.ts';

const logger = createLogger('test', { level: 'silent' });
const test = base.extend<{ $test: { project: string } }>({
  project: async ({}, use) => use(`p${newId()}`),
});
const image = view('ad_image', [{ name: 'brightness', type: 'float32' }]);
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;

interface Received {
  readonly id: string;
  readonly body: string;
  readonly message: { type: string; text: string; data: Record<string, unknown> };
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const accept: Answer = (_, response) => response.writeHead(204).end();

/** A receiver that checks signatures as its author would, by the recipe of the guide. */
async function receiver(answer: Answer = accept) {
  const received: Received[] = [];
  const state = { answer };
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const id = String(request.headers['webhook-id']);
      const timestamp = String(request.headers['webhook-timestamp']);
      const expected = createHmac('sha256', Buffer.from(SECRET.slice(6), 'base64'))
        .update(`${id}.${timestamp}.${body}`)
        .digest('base64');
      if (request.headers['webhook-signature'] !== `v1,${expected}`) return response.writeHead(401).end();
      if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > 300) return response.writeHead(400).end();
      received.push({ id, body, message: JSON.parse(body) as Received['message'] });
      state.answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/very-secret`;
  return { url, received, state };
}

function manifestOf(project: string): Manifest {
  return {
    format: 1,
    project,
    connections: [],
    allowed_hosts: [],
    event_horizon_ms: 0,
    entities: { ad: { name: 'ad', join_keys: [{ name: 'ad_id', type: 'string' }] } },
    feature_views: { 'ad_image@1': image },
    on_demand_feature_views: {},
    models: {},
  };
}

async function run(store: OfflineStore, project: string): Promise<string> {
  const { runId } = await createRun(store, {
    runId: newId(),
    project,
    view: 'ad_image',
    version: 1,
    fingerprint: image.fingerprint,
    trigger: 'backfill',
    scope: { all: true },
    rowLimit: null,
    priority: 50,
    maxRowsPerSecond: null,
    force: false,
    idempotencyKey: null,
    requestSha256: 'a',
  });
  return runId;
}

function end(store: OfflineStore, runId: string, status: string, failed = 0): Promise<unknown> {
  return store.pool.query(
    `update larder.runs set status = $2, started_at = now(), finished_at = now(), rows_done = 100 - $3::integer,
       rows_failed = $3, rows_skipped = 0, error_reason = case when $2 = 'failed' then 'the source is away' end
     where run_id = $1`,
    [runId, status, failed],
  );
}

function sender(store: OfflineStore, project: string, url: string): SendOptions & { close(): void } {
  const poster = createPoster({ url, privateAddresses: true });
  const stopping = new AbortController();
  onTestFinished(() => poster.close());
  return {
    store,
    project,
    poster,
    secret: SECRET,
    signal: stopping.signal,
    timeoutMs: 20_000,
    pausesMs: [0],
    close: () => stopping.abort(),
  };
}

async function notices(store: OfflineStore, project: string) {
  const { rows } = await store.pool.query<{
    event: string;
    attempts: number;
    error: string | null;
    sent: boolean;
    given_up: boolean;
  }>(
    `select n.event, n.attempts, n.error, n.sent_at is not null as sent, n.given_up_at is not null as given_up
     from larder.notices n join larder.incidents i using (incident_id) where i.project = $1 order by n.created_at`,
    [project],
  );
  return rows;
}

test('a run that fails is told in its transaction, and resolved by a run that makes up for it', async ({
  store,
  project,
}) => {
  const { url, received } = await receiver();
  const options = sender(store, project, url);
  const failed = await run(store, project);
  await end(store, failed, 'failed', 100);
  expect(await notices(store, project)).toMatchObject([{ event: 'opened', sent: false }]);
  expect(await sendNextNotice(options)).toBe(true);
  expect(received[0]?.message).toMatchObject({
    type: 'incident.opened',
    text: `${project}: ad_image@1: run failed: a run failed: the source is away. Next: larder runs ${failed}`,
    data: { kind: 'run_failed', subject: 'ad_image@1', next: `larder runs ${failed}`, resolved_at: null },
  });
  await end(store, await run(store, project), 'succeeded');
  await reconcileIncidents(store, manifestOf(project));
  expect(await sendNextNotice(options)).toBe(true);
  expect(received[1]?.message).toMatchObject({
    type: 'incident.resolved',
    data: { incident_id: received[0]?.message.data['incident_id'], kind: 'run_failed' },
  });
  expect(received[1]?.id).not.toBe(received[0]?.id);
  expect(await sendNextNotice(options)).toBe(false);
});

test('one that fails again and again is one incident; few failed rows are none', async ({
  store,
  project,
}) => {
  for (let i = 0; i < 3; i++) await end(store, await run(store, project), 'failed', 100);
  await end(store, await run(store, project), 'partial', 4);
  expect(await notices(store, project)).toHaveLength(1);
  await end(store, await run(store, project), 'partial', 5);
  expect(await notices(store, project)).toHaveLength(2);
});

test('a run that rolls back tells nothing', async ({ store, project }) => {
  const runId = await run(store, project);
  await store
    .transaction(async (tx) => {
      await tx.db.updateTable('larder.runs').set({ status: 'failed' }).where('run_id', '=', runId).execute();
      throw new Error('rolled back');
    })
    .catch(() => {});
  expect(await notices(store, project)).toEqual([]);
});

test('a Redis that lost its rows is told, stays open while Redis is away, and is over when they are back', async ({
  store,
  project,
}) => {
  const lasting = { ...image, ttl_ms: 'forever' as const };
  const manifest = { ...manifestOf(project), feature_views: { 'ad_image@1': lasting } };
  await ensureHistory(store, manifest, lasting);
  await store.transaction((tx) =>
    appendHistory(tx, manifest, lasting, [
      row('ad-1', { eventTimestampMs: Date.now(), createdTimestampMs: Date.now() }),
    ]),
  );
  await store.pool.query(
    `insert into larder.view_freshness (project, view, version, rows_online) values ($1, 'ad_image', 1, 1)`,
    [project],
  );
  const open = async (holdsNoRows: () => Promise<boolean>) => {
    await reconcileIncidents(store, manifest, { holdsNoRows });
    const { rows } = await store.pool.query<{ next: string }>(
      `select next from larder.incidents where project = $1 and kind = 'redis_emptied' and resolved_at is null`,
      [project],
    );
    return rows.map(({ next }) => next);
  };
  expect(await open(() => Promise.resolve(true))).toEqual(['larder restore']);
  expect(await open(() => Promise.reject(new Error('away')))).toEqual(['larder restore']);
  expect(await open(() => Promise.resolve(false))).toEqual([]);
});

test('a Redis that is full is told, stays open while Redis is away, and is over when it has room', async ({
  store,
  project,
}) => {
  const open = async (redisMemory: NonNullable<RedisFacts['redisMemory']>) => {
    await reconcileIncidents(store, manifestOf(project), { redisMemory });
    const { rows } = await store.pool.query(
      `select 1 from larder.incidents where project = $1 and kind = 'redis_full' and resolved_at is null`,
      [project],
    );
    return rows.length;
  };
  const used = (usedBytes: number) => () => Promise.resolve({ usedBytes, limitBytes: 100 });
  expect(await open(used(95))).toBe(0);
  expect(await open(used(101))).toBe(1);
  expect(await open(() => Promise.reject(new Error('away')))).toBe(1);
  expect(await open(used(95))).toBe(0);
});

test('what comes and goes within two minutes is not told', async ({ store, project }) => {
  const manifest = manifestOf(project);
  await reconcileIncidents(store, manifest);
  const kindsOf = async () =>
    (
      await store.pool.query<{ kind: string }>('select kind from larder.incidents where project = $1', [
        project,
      ])
    ).rows.map(({ kind }) => kind);
  expect(await kindsOf()).toEqual(['worker_absent']);
  const { url, received } = await receiver();
  expect(await sendNextNotice(sender(store, project, url))).toBe(false);
  await reconcileIncidents(store, { ...manifest, feature_views: {} });
  expect(await kindsOf()).toEqual([]);
  expect(received).toEqual([]);
});

test('a receiver that fails, redirects or hangs gets it again, with the same id and body', async ({
  store,
  project,
}) => {
  const { url, received, state } = await receiver((_, response) => response.writeHead(500).end());
  const options = sender(store, project, url);
  await end(store, await run(store, project), 'failed', 100);
  await sendNextNotice(options);
  expect(await notices(store, project)).toMatchObject([
    { attempts: 1, error: 'the receiver answers 500', sent: false },
  ]);
  state.answer = (_, response) => response.writeHead(302, { location: url }).end();
  await sendNextNotice(options);
  expect(await notices(store, project)).toMatchObject([{ attempts: 2, error: 'the receiver answers 302' }]);
  state.answer = () => {};
  await sendNextNotice({ ...options, timeoutMs: 300 });
  const [{ error } = { error: '' }] = await notices(store, project);
  expect(error).toContain('did not arrive within 300 ms');
  expect(error).not.toContain('very-secret');
  state.answer = accept;
  await sendNextNotice(options);
  expect(await notices(store, project)).toMatchObject([{ attempts: 4, sent: true, error: null }]);
  expect(received).toHaveLength(4);
  expect(new Set(received.map(({ id, body }) => `${id} ${body}`)).size).toBe(1);
});

test('a private receiver is refused unless it is allowed', async ({ store, project }) => {
  const { url, received } = await receiver();
  const poster = createPoster({ url, privateAddresses: false });
  onTestFinished(() => poster.close());
  await end(store, await run(store, project), 'failed', 100);
  await sendNextNotice({ ...sender(store, project, url), poster });
  const [{ error } = { error: '' }] = await notices(store, project);
  expect(error).toContain('is not a public address');
  expect(received).toEqual([]);
});

test('of two processes one sends', async ({ store, project }) => {
  const { url, received } = await receiver();
  await end(store, await run(store, project), 'failed', 100);
  const both = await Promise.all([1, 2].map(() => sendNextNotice(sender(store, project, url))));
  expect(both.filter(Boolean)).toHaveLength(1);
  expect(received).toHaveLength(1);
});

test('a process that is killed after the receiver has it leaves it to another when the lease ends', async ({
  database,
  store,
  project,
}) => {
  const { url, received, state } = await receiver(() => {});
  await end(store, await run(store, project), 'failed', 100);
  const child = fork(new URL('../../fixtures/sending-process.ts', import.meta.url), [
    database.url,
    project,
    url,
    SECRET,
  ]);
  const ended = once(child, 'exit');
  onTestFinished(() => void child.kill('SIGKILL'));
  await expect.poll(() => received.length, { timeout: 60_000 }).toBe(1);
  child.kill('SIGKILL');
  expect(await ended).toEqual([null, 'SIGKILL']);
  state.answer = accept;
  expect(await notices(store, project)).toMatchObject([{ attempts: 1, sent: false }]);
  const next = sender(store, project, url);
  expect(await sendNextNotice(next)).toBe(false);
  await store.pool.query(
    `update larder.notices n set next_attempt_at = now() from larder.incidents i
     where i.incident_id = n.incident_id and i.project = $1`,
    [project],
  );
  expect(await sendNextNotice(next)).toBe(true);
  expect(await notices(store, project)).toMatchObject([{ attempts: 2, sent: true }]);
  expect(received).toHaveLength(2);
  expect(received[1]).toEqual(received[0]);
}, 90_000);

test('what nobody could send for a day is given up', async ({ store, project }) => {
  const { url, received } = await receiver();
  await end(store, await run(store, project), 'failed', 100);
  await store.pool.query(
    `update larder.notices n set created_at = now() - interval '25 hours', attempts = 30, error = 'the receiver answers 500'
     from larder.incidents i where i.incident_id = n.incident_id and i.project = $1`,
    [project],
  );
  expect(await sendNextNotice(sender(store, project, url))).toBe(false);
  await reconcileIncidents(store, manifestOf(project));
  expect(await notices(store, project)).toContainEqual({
    event: 'opened',
    attempts: 30,
    error: 'the receiver answers 500',
    sent: false,
    given_up: true,
  });
  expect(received).toEqual([]);
});

test('two loops side by side tell each incident once', async ({ store, project }) => {
  const { url, received } = await receiver();
  const loops = [1, 2].map(() =>
    startIncidents({
      store,
      applied: () => manifestOf(project),
      webhook: { url, secret: SECRET, privateAddresses: true },
      logger,
      intervalMs: 20,
    }),
  );
  const failed = await run(store, project);
  await end(store, failed, 'failed', 100);
  await expect.poll(() => received.map(({ message }) => message.type)).toEqual(['incident.opened']);
  await end(store, await run(store, project), 'succeeded');
  await expect
    .poll(() => received.map(({ message }) => message.type))
    .toEqual(['incident.opened', 'incident.resolved']);
  await Promise.all(loops.map((loop) => loop.stop()));
});
