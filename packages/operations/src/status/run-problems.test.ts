import { view } from '@larder/offline-store/testing';
import { expect } from 'vitest';
import {
  ENDED,
  HOUR_MS,
  SUCCEEDED,
  image,
  kinds,
  manifestOf,
  run,
  statusOf,
  test,
  work,
} from '../../fixtures/image-project.ts';
import { reconcileIncidents } from '../incidents/reconcile-incidents.ts';

test('a run that failed stands until one over all rows makes up for it', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  const failed = await run(store, project, {
    ...ENDED,
    status: 'failed',
    rows_done: 0,
    rows_failed: 100,
    error_reason: 'away',
  });
  expect((await statusOf(store, manifest)).problems).toMatchObject([
    {
      kind: 'run_failed',
      subject: 'ad_image@1',
      detail: 'a backfill run failed: away',
      next: `larder runs ${failed}`,
    },
  ]);
  await run(store, project, SUCCEEDED);
  expect(await kinds(store, manifest)).toEqual([]);
});

test('some failed rows are no problem, many are', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  await run(store, project, { ...ENDED, status: 'partial', rows_done: 96, rows_failed: 4 });
  expect(await kinds(store, manifest)).toEqual([]);
  await run(store, project, { ...ENDED, status: 'partial', rows_done: 95, rows_failed: 5 });
  expect((await statusOf(store, manifest)).problems).toMatchObject([
    { kind: 'run_partial', detail: 'a backfill run ended with failed rows: 5 of 100' },
  ]);
});

test('rejected rows of a push are noted: a retry could not compute them; those that failed need a person', async ({
  store,
  project,
}) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  const runId = await run(
    store,
    project,
    { ...ENDED, status: 'partial', rows_done: 1, rows_failed: 1 },
    { trigger: 'push', key: null },
  );
  const chunk = await store.pool.query<{ chunk_id: string }>(
    `insert into larder.chunks (run_id, ordinal, bounds, state, rows_total, rows_failed)
      values ($1, 0, '{"kind": "pushed"}', 'done', 1, 1) returning chunk_id`,
    [runId],
  );
  const fail = (keys: object | null) =>
    store.pool.query(
      `insert into larder.row_failures (run_id, chunk_id, keys, code, reason, retryable)
        values ($1, $2, $3, 'REQUEST_INVALID', 'not a number', false)`,
      [runId, chunk.rows[0]?.chunk_id, keys],
    );
  await fail(null);
  expect((await statusOf(store, manifest)).problems).toMatchObject([
    {
      kind: 'run_partial',
      severity: 'note',
      detail: 'a push run ended with rejected rows: 1 of 2',
      next: `larder runs ${runId}`,
    },
  ]);
  expect(await reconcileIncidents(store, manifest)).toEqual({ opened: 0, resolved: 0 });
  await fail({ ad_id: 'ad-1' });
  expect((await statusOf(store, manifest)).problems).toMatchObject([
    { kind: 'run_partial', severity: 'act', next: `larder runs ${runId} retry-failed` },
  ]);
  expect(await reconcileIncidents(store, manifest)).toEqual({ opened: 1, resolved: 0 });
});

test('a held run, and one that is late by its schedule', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, image);
  const due = new Date(Date.now() - 3 * HOUR_MS);
  const schedule = (lateAfterMs: number) =>
    store.pool.query(
      `insert into larder.schedules (project, view, version, fingerprint, schedule, due_at)
       values ($1, 'ad_image', 1, 'f', $2, now() + interval '1 day')
       on conflict (project, view, version) do update set schedule = excluded.schedule`,
      [
        project,
        JSON.stringify({ cron: '0 4 * * *', time_zone: 'UTC', missed: 'once', late_after_ms: lateAfterMs }),
      ],
    );
  await schedule(4 * HOUR_MS);
  await run(
    store,
    project,
    { status: 'running', queued_at: new Date(), planned_at: new Date() },
    { trigger: 'schedule', key: `schedule ad_image@1 ${due.toISOString()}` },
  );
  expect(await kinds(store, manifest)).toEqual([]);
  await schedule(2 * HOUR_MS);
  const [late] = (await statusOf(store, manifest)).problems;
  expect(late).toMatchObject({ kind: 'run_late', since: new Date(due.getTime() + 2 * HOUR_MS) });
  expect(late?.detail).toMatch(/^the run due at .* should have ended 1h ago$/);
  await run(store, project, { status: 'held' });
  expect(await kinds(store, manifest)).toEqual(['run_held', 'run_late']);
});

test('a due time that nobody took is late, and the absence of workers is said', async ({
  store,
  project,
}) => {
  const manifest = manifestOf(project, image);
  await store.pool.query(
    `insert into larder.schedules (project, view, version, fingerprint, schedule, due_at)
     values ($1, 'ad_image', 1, 'f', '"0 4 * * *"', now() - interval '5 minutes')`,
    [project],
  );
  expect(await kinds(store, manifest)).toEqual(['run_late', 'worker_absent']);
});

test('a run whose code no worker has waits, and says what the workers have', async ({ store, project }) => {
  const manifest = manifestOf(project, image);
  await work(store, project, { ...image, fingerprint: 'older' });
  await run(store, project, { status: 'queued', queued_at: new Date(Date.now() - HOUR_MS) });
  const { problems } = await statusOf(store, manifest);
  expect(problems.map(({ kind }) => kind).toSorted()).toEqual(['run_waiting', 'view_without_worker']);
  expect(problems.find(({ kind }) => kind === 'run_waiting')?.detail).toContain('ad_image@1 with other code');
});

test('an older version that is kept scheduled for a model in service needs a worker with its code', async ({
  store,
  project,
}) => {
  const older = view('ad_image', [{ name: 'brightness', type: 'float32' }]);
  const newer = { ...older, version: 2, fingerprint: 'newer' };
  const manifest = manifestOf(project, older, newer);
  await work(store, project, newer);
  expect(await kinds(store, manifest)).toEqual([]);
  await store.pool.query(
    `insert into larder.schedules (project, view, version, fingerprint, schedule, due_at)
     values ($1, 'ad_image', 1, 'f', '"0 4 * * *"', now() + interval '1 day')`,
    [project],
  );
  expect((await statusOf(store, manifest)).problems).toMatchObject([
    { kind: 'view_without_worker', subject: 'ad_image@1' },
  ]);
});
