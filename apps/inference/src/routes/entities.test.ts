import { entityAnswerSchema, problemSchema } from '@larder/contracts';
import { appendHistory } from '@larder/offline-store';
import { encodeGoneRow } from '@larder/online-store';
import { putRows } from '@larder/serving/testing';
import { describe, expect } from 'vitest';
import { SHOPPER } from '../testing/ads.ts';
import { test, type Service } from '../testing/inference-test.ts';

describe('GET /v1/entities/{entity}/{key}', () => {
  test('shows every view with values, times, age, TTL and the raw key', async ({ service }) => {
    const answer = await service.http.get('/v1/entities/ad/ad-1');
    expect(answer.status).toBe(200);
    const entity = entityAnswerSchema.parse(answer.body);
    expect(entity).toMatchObject({
      entity: 'ad',
      key: 'ad-1',
      join_keys: { ad_id: 'ad-1' },
      redis_key: 'larder:shop:{ad:ad-1}',
      expires_at: null,
      history_available: true,
    });
    const [image, stats] = entity.views;
    expect(image).toMatchObject({
      ref: 'ad_image@1',
      view: 'ad_image',
      version: 1,
      status: 'PRESENT',
      ttl_ms: 'forever',
      ttl_left_ms: null,
      revision: 1,
    });
    expect(image?.values).toEqual({ embedding: [0.5, 0.25, -1, 2], brightness: 0.61, note: 'a note' });
    expect(image?.written_by).toBeNull();
    expect(stats?.values).toEqual({ impressions: '400', clicks: 4, ctr: 0.125 });
    expect(stats?.ttl_left_ms).toBeGreaterThan(6 * 86_400_000);
    expect(stats?.size_bytes).toBeGreaterThan(22);
  });

  test('names the run and chunk that wrote a row', async ({ service }) => {
    const { offlineStore, onlineStore, project } = service;
    const view = project.manifest.feature_views['ad_image@1'];
    if (view === undefined) throw new Error('the fixture has no ad_image');
    const eventTimestampMs = Date.now() - 60_000;
    const { rows: runs } = await offlineStore.pool.query<{ run_id: string }>(
      `insert into larder.runs (run_id, project, view, version, fingerprint, trigger, scope, priority, force, request_sha256)
       values (gen_random_uuid(), 'shop', 'ad_image', 1, 'f', 'backfill', '{"all":true}', 50, false, 's') returning run_id`,
    );
    const runId = runs[0]?.run_id ?? '';
    const { rows: chunks } = await offlineStore.pool.query<{ chunk_id: number }>(
      `insert into larder.chunks (run_id, ordinal, bounds, rows_total, online_at)
       values ($1, 1, '{}', 1, '2026-11-20T09:20:03.402Z') returning chunk_id`,
      [runId],
    );
    const chunkId = chunks[0]?.chunk_id ?? 0;
    const values = { embedding: Float32Array.of(1, 2, 3, 4), brightness: 0.25, note: null };
    await offlineStore.transaction((tx) =>
      appendHistory(tx, project.manifest, view, [
        {
          keys: { ad_id: 'ad-written' },
          eventTimestampMs,
          createdTimestampMs: eventTimestampMs,
          revision: 1,
          chunkId,
          inputHash: 1n,
          values,
        },
      ]),
    );
    await putRows(onlineStore, project, [
      { ref: 'ad_image@1', keys: { ad_id: 'ad-written' }, values, eventTimestampMs },
    ]);
    const entity = entityAnswerSchema.parse((await service.http.get('/v1/entities/ad/ad-written')).body);
    expect(entity.views[0]).toMatchObject({ written_by: { run_id: runId, chunk_id: chunkId } });
    expect(Date.parse(entity.views[0]?.landed_at ?? '')).toBeGreaterThan(Date.now() - 60_000);
    expect(entity.views[0]?.online_at).toBe('2026-11-20T09:20:03.402Z');
  });

  describe('a view without a row', () => {
    const missing = async (service: Service, key: string) => {
      const { body } = await service.http.get(`/v1/entities/ad/${key}`);
      return entityAnswerSchema.parse(body).missing.find(({ view }) => view === 'ad_image');
    };
    /** One run over all rows of ad_image, with a chunk. */
    const run = async ({ offlineStore }: Service, set: string) => {
      const { rows } = await offlineStore.pool.query<{ run_id: string; chunk_id: number }>(
        `with r as (
           insert into larder.runs (run_id, project, view, version, fingerprint, trigger, scope, priority, force, request_sha256)
           values (gen_random_uuid(), 'shop', 'ad_image', 1, 'f', 'backfill', '{"all":true}', 50, false, 's') returning run_id
         ), c as (
           insert into larder.chunks (run_id, ordinal, bounds, rows_total) select run_id, 0, '{}', 1 from r returning run_id, chunk_id
         ) select * from c`,
      );
      const made = rows[0] as { run_id: string; chunk_id: number };
      await offlineStore.pool.query(`update larder.runs set ${set} where run_id = $1`, [made.run_id]);
      return made;
    };
    const store = (service: Service, key: string) =>
      putRows(service.onlineStore, service.project, [
        { ref: 'ad_stats@1', keys: { ad_id: key }, values: { impressions: 1n, clicks: 1, ctr: 1 } },
      ]);

    test('has a reason: what is on record of runs, failures and history', async ({ service }) => {
      const { offlineStore, project } = service;
      await offlineStore.pool.query(`delete from larder.runs`);
      await store(service, 'ad-why');
      expect(await missing(service, 'ad-why')).toMatchObject({ reason: 'never_filled', failure: null });

      await run(service, `status = 'succeeded', row_limit = 5, finished_at = now()`);
      expect((await missing(service, 'ad-why'))?.reason).toBe('not_in_scope');

      const full = await run(service, `status = 'succeeded', finished_at = now(), rows_failed = 0`);
      expect(await missing(service, 'ad-why')).toMatchObject({
        reason: 'not_in_source',
        detail: expect.stringContaining(full.run_id),
      });

      const open = await run(service, `status = 'running'`);
      expect(await missing(service, 'ad-why')).toMatchObject({
        reason: 'running',
        detail: expect.stringContaining(`larder runs ${open.run_id} --follow`),
      });

      const fail = (retryable: boolean) =>
        offlineStore.pool.query(
          `insert into larder.row_failures (run_id, chunk_id, entity_key, keys, code, reason, retryable, failed_at)
           values ($1, $2, 'ad-why', '["ad-why"]', 'IMAGE_UNAVAILABLE', 'no answer', $3, clock_timestamp())`,
          [full.run_id, full.chunk_id, retryable],
        );
      await fail(true);
      expect(await missing(service, 'ad-why')).toMatchObject({
        reason: 'failed',
        detail: expect.stringMatching(
          `IMAGE_UNAVAILABLE: no answer\\. A retry may help: larder runs ${full.run_id} retry-failed`,
        ),
        failure: {
          run_id: full.run_id,
          code: 'IMAGE_UNAVAILABLE',
          retryable: true,
          attempts: 1,
          retry_at: null,
        },
      });
      await fail(false);
      expect(await missing(service, 'ad-why')).toMatchObject({
        detail: expect.stringMatching(/would fail the same way.*larder backfill ad_image@1 --entity ad-why/),
        failure: { retryable: false },
      });

      const view = project.manifest.feature_views['ad_image@1'];
      if (view === undefined) throw new Error('the fixture has no ad_image');
      const values = { embedding: Float32Array.of(1, 2, 3, 4), brightness: 0.25, note: null };
      const times = { eventTimestampMs: Date.now(), createdTimestampMs: Date.now(), revision: 1 };
      await offlineStore.transaction((tx) =>
        appendHistory(tx, project.manifest, view, [
          { keys: { ad_id: 'ad-why' }, ...times, chunkId: full.chunk_id, inputHash: 1n, values },
        ]),
      );
      expect((await missing(service, 'ad-why'))?.reason).toBe('lost');
      await offlineStore.pool.query(`update larder.chunks set state = 'landed_history' where chunk_id = $1`, [
        full.chunk_id,
      ]);
      expect((await missing(service, 'ad-why'))?.reason).toBe('landing');
      await offlineStore.pool.query(`delete from larder.runs`);
    });

    test('a failure of another project, view or key is not its reason', async ({ service }) => {
      const { run_id: runId, chunk_id: chunkId } = await run(service, `version = 2`);
      await service.offlineStore.pool.query(
        `insert into larder.row_failures (run_id, chunk_id, entity_key, keys, code, reason, retryable)
         values ($1, $2, 'ad-other', '["ad-other"]', 'X', 'x', true)`,
        [runId, chunkId],
      );
      await store(service, 'ad-other');
      expect(await missing(service, 'ad-other')).toMatchObject({ reason: 'never_filled', failure: null });
      await service.offlineStore.pool.query(`delete from larder.runs`);
    });

    test('is gone from the source, as the online store says or history alone', async ({ service }) => {
      const { offlineStore, onlineStore, project } = service;
      const view = project.manifest.feature_views['ad_image@1'];
      if (view === undefined) throw new Error('the fixture has no ad_image');
      const created = Date.parse('2026-11-20T04:00:00.000Z');
      const order = { eventTimestampMs: created - 1, createdTimestampMs: created, revision: 2 };
      await store(service, 'ad-left');
      const gone = {
        reason: 'gone',
        detail: expect.stringMatching(/gone from the source since 2026-11-20T04:00:00\.000Z/),
      };
      const write = (key: string) =>
        onlineStore.write([
          {
            entity: 'ad',
            entityKey: key,
            viewRef: 'ad_image@1',
            ttlMs: view.ttl_ms,
            row: encodeGoneRow(view, order),
          },
        ]);
      await write('ad-left');
      expect(await missing(service, 'ad-left')).toMatchObject(gone);
      await write('ad-all-gone');
      const answer = await service.http.get('/v1/entities/ad/ad-all-gone');
      expect(problemSchema.parse(answer.body).detail).toMatch(/ad_image@1: It is gone from the source/);
      await store(service, 'ad-lost');
      await offlineStore.transaction((tx) =>
        appendHistory(tx, project.manifest, view, [
          { keys: { ad_id: 'ad-lost' }, ...order, chunkId: 1, inputHash: 0n, isGone: true, values: {} },
        ]),
      );
      expect(await missing(service, 'ad-lost')).toMatchObject(gone);
    });

    test('everything is erased', async ({ service }) => {
      await store(service, 'ad-gone');
      await service.onlineStore.erase('ad', 'ad-gone');
      const answer = await service.http.get('/v1/entities/ad/ad-gone');
      expect(problemSchema.parse(answer.body).detail).toContain('was erased');
    });
  });

  test('a composite key, percent-encoded', async ({ service }) => {
    const answer = await service.http.get('/v1/entities/shopper/NL%7C7');
    expect(answer.body).toMatchObject({ key: 'NL|7', join_keys: SHOPPER });
  });

  test.for([
    [
      'nothing stored',
      '/v1/entities/ad/ad-404',
      /holds nothing[^]*ad_image@1: Nothing of ad_image@1 was computed or pushed yet.*backfill/,
    ],
    ['no such entity', '/v1/entities/banner/1', /ad, shopper/],
    ['an entity of the prototype', '/v1/entities/constructor/1', /No entity/],
  ] as const)('%s is ENTITY_NOT_FOUND', async ([, path, detail], { service }) => {
    const answer = await service.http.get(path);
    const problem = problemSchema.parse(answer.body);
    expect([answer.status, problem.code]).toEqual([404, 'ENTITY_NOT_FOUND']);
    expect(problem.detail).toMatch(detail);
  });

  test.for([
    ['a composite key with one part', '/v1/entities/shopper/NL', /2 part/],
    ['a key of the wrong type', '/v1/entities/shopper/NL%7Cseven', /must be an int64/],
  ] as const)('%s is ENTITY_KEY_INVALID', async ([, path, detail], { service }) => {
    const answer = await service.http.get(path);
    const problem = problemSchema.parse(answer.body);
    expect([answer.status, problem.code]).toEqual([422, 'ENTITY_KEY_INVALID']);
    expect(problem.detail).toMatch(detail);
  });

  test('bad paths, queries and methods', async ({ service }) => {
    const codes = async (...answers: ReturnType<typeof service.http.get>[]) =>
      (await Promise.all(answers)).map(({ status, body }) => [status, problemSchema.parse(body).code]);
    expect(
      await codes(
        service.http.get('/v1/entities/ad/%E0%A4%A'),
        service.http.get('/v1/entities/ad/ad-1?view=ad_image'),
        service.http.send('/v1/entities/ad/ad-1', { method: 'PUT' }),
        service.http.send('/v1/entities/ad', { method: 'DELETE' }),
        service.http.get('/v1/entities/ad/ad-1/more'),
      ),
    ).toEqual([
      [404, 'ROUTE_NOT_FOUND'],
      [422, 'REQUEST_INVALID'],
      [405, 'METHOD_NOT_ALLOWED'],
      [405, 'METHOD_NOT_ALLOWED'],
      [404, 'ROUTE_NOT_FOUND'],
    ]);
  });
});
