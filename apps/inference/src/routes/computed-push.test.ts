import { join } from 'node:path';
import { pushAnswerSchema, runSchema, runsAnswerSchema } from '@larder/contracts';
import { CONFIG_PATH, test as base } from '@larder/materialization/fixtures';
import { expect, inject } from 'vitest';
import { startInference } from '../start-inference.ts';
import { applyFiles } from '../testing/apply-files.ts';
import { createHttp, type Http } from '../testing/http.ts';
import { configOf, logger } from '../testing/inference-test.ts';

const PATIENCE = { timeout: 150_000, interval: 20 };

/** The service over the project whose `notes` are computed from what is pushed. */
const test = base.extend<{ $file: { http: Http } }>({
  http: [
    async ({ shop }, use) => {
      const config = configOf({
        projectPath: CONFIG_PATH,
        databaseUrl: shop.databaseUrl,
        redisUrl: shop.redisUrl,
        folder: join(inject('testFolder'), 'computed-push'),
      });
      await applyFiles({ config, offlineStore: shop.store });
      const inference = await startInference(config, logger);
      await use(createHttp(inference.url));
      await inference.close();
    },
    { scope: 'file' },
  ],
});

const note = (id: string, body: string) => ({
  ad_id: id,
  event_timestamp: '2026-11-20T06:30:00Z',
  body,
});

test('is accepted with its run, and answered as done once its rows are online', async ({ shop, http }) => {
  const body = {
    rows: [note('n1', 'one two three'), note('n2', 'one'), { ...note('n3', 'one'), word_count: 1 }],
  };
  const headers = { 'idempotency-key': 'notes-of-monday' };
  const push = () => http.post('/v1/views/notes/push', body, headers);
  const read = async () =>
    (
      (
        await http.post('/v1/features/online', {
          features: ['notes:word_count'],
          entities: [{ ad_id: 'n1' }, { ad_id: 'n2' }, { ad_id: 'n3' }],
        })
      ).body as { rows: { values: unknown[] }[] }
    ).rows.map(({ values }) => values[0]);

  const first = await push();
  const { run_id: runId, ...counts } = pushAnswerSchema.parse(first.body);
  expect(first.status).toBe(202);
  expect(first.headers.get('location')).toBe(`/v1/runs/${runId}`);
  expect(counts).toMatchObject({
    accepted: 2,
    rejected: [{ index: 2, code: 'REQUEST_INVALID', errors: [{ pointer: '/rows/2/word_count' }] }],
  });
  // No worker has run: the same call is still accepted, not done.
  const again = await push();
  expect({ status: again.status, body: again.body }).toEqual({ status: 202, body: first.body });
  expect(await read()).toEqual([null, null, null]);

  shop.materializer();
  await expect.poll(read, PATIENCE).toEqual([3, 1, null]);
  const run = async () => runSchema.parse((await http.get(`/v1/runs/${runId}`)).body);
  await expect.poll(async () => (await run()).finished_at, PATIENCE).not.toBeNull();
  expect(await run()).toMatchObject({
    view: 'notes',
    version: 1,
    trigger: 'push',
    status: 'partial',
    rows: { total: 3, done: 2, failed: 1 },
  });
  const done = await push();
  expect({ status: done.status, body: done.body }).toEqual({ status: 200, body: first.body });
  const { runs } = runsAnswerSchema.parse((await http.get('/v1/runs?view=notes')).body);
  expect(runs.map((each) => each.run_id)).toEqual([runId]);
});

test('an Idempotency-Key of other rows is refused, and a push without rows that fit computes nothing', async ({
  shop,
  http,
}) => {
  const headers = { 'idempotency-key': 'notes-of-tuesday' };
  const push = (rows: object[]) => http.post('/v1/views/notes/push', { rows }, headers);
  const wrong = [{ ...note('n4', 'one'), body: 7 }];
  const first = await push(wrong);
  expect(pushAnswerSchema.parse(first.body)).toMatchObject({ accepted: 0, rejected: [{ index: 0 }] });
  expect(await push([note('n4', 'one')])).toMatchObject({
    status: 409,
    body: { code: 'IDEMPOTENCY_KEY_REUSED' },
  });
  expect(await shop.sql(`select 1 from larder.staged_rows where entity_key = 'n4'`)).toEqual([]);
});
