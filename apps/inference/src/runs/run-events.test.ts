import { runSchema, type Run } from '@larder/contracts';
import { createBackfill } from '@larder/materialization/runs';
import { expect, vi } from 'vitest';
import { test, type Service } from '../testing/inference-test.ts';
import { sendRaw } from '../testing/raw-http.ts';

interface Followed {
  readonly events: { readonly name: string; readonly run: Run; readonly atMs: number }[];
  readonly ended: Promise<void>;
  leave(): void;
}

async function follow({ http }: Service, runId: string): Promise<Followed> {
  const leaving = new AbortController();
  const response = await fetch(`${http.url}/v1/runs/${runId}/events`, { signal: leaving.signal });
  expect(response.headers.get('content-type')).toBe('text/event-stream');
  const events: Followed['events'] = [];
  const read = async () => {
    let text = '';
    const decoder = new TextDecoder();
    for await (const bytes of response.body ?? []) {
      text += decoder.decode(bytes, { stream: true });
      const parts = text.split('\n\n');
      text = parts.pop() ?? '';
      for (const part of parts) {
        const match = /^event: (.*)\ndata: (.*)$/.exec(part);
        if (match)
          events.push({
            name: match[1] ?? '',
            run: runSchema.parse(JSON.parse(match[2] ?? '')),
            atMs: performance.now(),
          });
      }
    }
  };
  return { events, ended: read().catch(() => {}), leave: () => leaving.abort() };
}

function queue({ offlineStore, project }: Service) {
  return createBackfill(offlineStore, { manifest: project.manifest, view: 'ad_image', scope: { all: true } });
}

test('sends progress at most every 250 ms while something changes, then one end', async ({ service }) => {
  const { runId } = await queue(service);
  const { pool } = service.offlineStore;
  const followedAtMs = performance.now();
  const followers = await Promise.all([follow(service, runId), follow(service, runId)]);
  await pool.query(
    `update larder.runs set status = 'running', started_at = now(), planned_at = now() where run_id = $1`,
    [runId],
  );
  await pool.query(
    `insert into larder.chunks (run_id, ordinal, bounds, rows_total) values ($1, 1, '{}', 100)`,
    [runId],
  );
  for (let done = 20; done <= 100; done += 20) {
    await pool.query('update larder.chunks set rows_done = $2 where run_id = $1', [runId, done]);
    await vi.waitFor(() => expect(followers[0]?.events.at(-1)?.run.rows.done).toBe(done), {
      timeout: 60_000,
    });
  }
  await pool.query(`update larder.runs set status = 'succeeded', finished_at = now() where run_id = $1`, [
    runId,
  ]);
  for (const { events, ended } of followers) {
    await ended;
    expect(events.map(({ name }) => name)).toEqual([
      ...Array.from({ length: events.length - 1 }, () => 'progress'),
      'end',
    ]);
    expect(events.at(-1)?.run).toMatchObject({ status: 'succeeded', rows: { total: 100, done: 100 } });
    const progress = events.slice(1, -1);
    // Over the whole time: on a busy machine one may arrive late and the next one on time.
    const lastAtMs = progress.at(-1)?.atMs ?? 0;
    expect(progress.length).toBeGreaterThan(2);
    expect(lastAtMs - followedAtMs).toBeGreaterThan((progress.length - 1) * 240);
  }
});

test('a run that has ended sends its end at once', async ({ service }) => {
  const { runId } = await queue(service);
  await service.http.post(`/v1/runs/${runId}/cancel`, '');
  const { events, ended } = await follow(service, runId);
  await ended;
  expect(events.map(({ name, run }) => [name, run.status])).toEqual([['end', 'cancelled']]);
});

test('a client that leaves is removed; its run is no longer queried', async ({ service }) => {
  const { runId } = await queue(service);
  const follower = await follow(service, runId);
  await vi.waitFor(() => expect(follower.events).toHaveLength(1), { timeout: 60_000 });
  follower.leave();
  await follower.ended;
  const { pool } = service.offlineStore;
  const asked = async () => {
    const { rows } = await pool.query<{ count: number }>(
      `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'larder' and query like '%larder.runs%' and query not like '%pg_stat_activity%' and query_start > now() - interval '300 milliseconds'`,
    );
    return Number(rows[0]?.count);
  };
  await vi.waitFor(async () => expect(await asked()).toBe(0), { timeout: 60_000, interval: 100 });
});

test('HEAD returns the headers of a stream and ends at once', async ({ service }) => {
  const { runId } = await queue(service);
  const ask = (id: string) =>
    sendRaw(service.http.url, { line: `HEAD /v1/runs/${id}/events HTTP/1.1`, headers: ['host: localhost'] });
  const { status, headers, body } = await ask(runId);
  expect([status, headers.get('content-type'), body]).toEqual([200, 'text/event-stream', '']);
  expect((await ask('01999999-9999-7999-8999-999999999999')).status).toBe(404);
});
