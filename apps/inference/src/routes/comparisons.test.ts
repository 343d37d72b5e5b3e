import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { comparisonAnswerSchema } from '@larder/contracts';
import { expect } from 'vitest';
import { createHttp } from '../testing/http.ts';
import { test, type Service } from '../testing/inference-test.ts';
import { bearer, keyWith, startLocked } from '../testing/locked.ts';

const PATH = '/v1/comparison?before=ad_stats@1&after=ad_stats@1';
const WAIT = { timeout: 60_000, interval: 50 };
const LONG = { timeout: 180_000 };

/** Processes of comparisons that this process started. */
const processes = (): number[] =>
  spawnSync('pgrep', ['-P', String(process.pid), '-f', 'comparison-process'], { encoding: 'utf8' })
    .stdout.split('\n')
    .filter(Boolean)
    .map(Number);

/** Statements of comparisons that wait for a lock. */
async function waiting({ offlineStore }: Service): Promise<number> {
  const { rows } = await offlineStore.pool.query<{ count: number }>(
    `select count(*)::int as count from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and query like '%compared_before%'`,
  );
  return rows[0]?.count ?? -1;
}

test(
  'two at once; who leaves ends the process and its statement, and makes room for the next',
  LONG,
  async ({ service }) => {
    const { http, offlineStore, project } = service;
    const lock = await offlineStore.pool.connect();
    try {
      await lock.query('begin');
      await lock.query(`lock table ${project.name}_history.ad_stats_v1 in access exclusive mode`);
      const callers = [new AbortController(), new AbortController()];
      const asked = callers.map(({ signal }) =>
        fetch(`${http.url}${PATH}`, { signal })
          .then((response) => response.text())
          .catch(() => 'left'),
      );
      await expect.poll(() => waiting(service), WAIT).toBe(2);
      expect(await http.get(PATH)).toMatchObject({ status: 503, body: { code: 'OVERLOADED' } });
      for (const caller of callers) caller.abort();
      expect(await Promise.all(asked)).toEqual(['left', 'left']);
      await expect.poll(processes, WAIT).toEqual([]);
      await expect.poll(() => waiting(service), WAIT).toBe(0);
    } finally {
      await lock.query('rollback');
      lock.release();
    }
    // The service hears of the end of its processes a moment after they are gone.
    let last = await http.get(PATH);
    await expect
      .poll(async () => (last.status === 503 ? (last = await http.get(PATH)) : last).status, WAIT)
      .toBe(200);
    const { headers, text } = last;
    expect(headers.get('content-type')).toBe('text/event-stream');
    const [, answer = ''] = /event: end\ndata: (.*)\n\n$/.exec(text) ?? [];
    expect(comparisonAnswerSchema.parse(JSON.parse(answer))).toMatchObject({
      before: 'ad_stats@1',
      predictions: null,
    });
  },
);

test('a killed process leaves neither files nor its statement', LONG, async ({ service }) => {
  const { http, offlineStore, project, config } = service;
  const work = join(config.trainingSets.folder, 'work');
  const folders = (): string[] => readdirSync(work).filter((name) => name.startsWith('comparison-'));
  const lock = await offlineStore.pool.connect();
  try {
    await lock.query('begin');
    await lock.query(`lock table ${project.name}_history.ad_stats_v1 in access exclusive mode`);
    const asked = http.get(PATH);
    await expect.poll(() => waiting(service), WAIT).toBe(1);
    expect(folders()).toHaveLength(1);
    for (const pid of processes()) process.kill(pid, 'SIGKILL');
    expect(await asked).toMatchObject({ status: 500, body: { code: 'INTERNAL' } });
    await expect.poll(folders, WAIT).toEqual([]);
    await expect.poll(() => waiting(service), WAIT).toBe(0);
  } finally {
    await lock.query('rollback');
    lock.release();
  }
});

test('parity of a version that nobody registered is refused, not found complete', async ({ service }) => {
  const { http } = service;
  expect(await http.get('/v1/models/ad_ctr/parity?version=99')).toMatchObject({
    status: 404,
    body: { code: 'MODEL_VERSION_NOT_FOUND' },
  });
  expect(await http.get('/v1/models/ad_ctr/parity?version=1')).toMatchObject({ status: 200 });
});

test('predictions are compared for keys alone that may read them', async ({ service }) => {
  const key = await keyWith(service, ['training:read']);
  const { inference } = await startLocked(service);
  const http = createHttp(inference.url);
  const { status, body } = await http.get(`${PATH}&model=ad_ctr`, bearer(key.text));
  expect({ status, body }).toMatchObject({
    status: 403,
    body: { code: 'SCOPE_MISSING', detail: expect.stringContaining('predictions:read') as string },
  });
  await inference.close();
});
