import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import {
  appendHistory,
  ensureHistory,
  joinInPostgresql,
  landedBefore,
  type OfflineStore,
  type PointInTimeJoin,
} from '../index.ts';
import { project, row, test, view } from '../testing/store.ts';

const clicks = view('clicks', [{ name: 'clicks', type: 'float32' }]);
const AT_US = `${Date.UTC(2026, 10, 25)}000`;

function joinOf(manifest = clicks): PointInTimeJoin {
  return {
    project,
    entity: project.entities['ad'] as PointInTimeJoin['entity'],
    views: [{ view: manifest, features: manifest.schema, ttlMs: 'forever' }],
    cutOff: 'created',
    landedBefore: new Date(Date.now() + 60_000),
  };
}

async function fill(store: OfflineStore, manifest: typeof clicks, ads = 1): Promise<void> {
  await ensureHistory(store, project, manifest);
  const rows = Array.from({ length: ads }, (_, at) => row(`ad-${at}`, { values: { clicks: at } }));
  await store.transaction((tx) => appendHistory(tx, project, manifest, rows));
}

/** A spine without end, which counts the rows that were taken from it. */
function endlessSpine(ads: number): { readonly rows: Readable; taken: number } {
  const spine = { rows: Readable.from(lines(), { objectMode: false }), taken: 0 };
  function* lines(): Generator<Buffer> {
    for (;;) {
      const from = spine.taken;
      spine.taken += 1_000;
      const block = Array.from({ length: 1_000 }, (_, at) => `${from + at},${AT_US},ad-${at % ads}\n`);
      yield Buffer.from(block.join(''));
    }
  }
  return spine;
}

/** Sessions that hold the temporary table of a join. */
async function joining(store: OfflineStore): Promise<number> {
  const { rows } = await store.pool.query<{ n: number }>(
    `select count(*)::int as n from pg_class where relname = 'larder_spine'`,
  );
  return rows[0]?.n ?? 0;
}

const gone = (store: OfflineStore) =>
  expect.poll(() => joining(store), { timeout: 60_000, interval: 20 }).toBe(0);

test('a view without history is refused before the spine is read', async ({ store }) => {
  const spine = new PassThrough();
  const joined = text(joinInPostgresql(store, joinOf(view('never_applied', [])), spine));
  await expect(joined).rejects.toMatchObject({
    code: 'HISTORY_MISSING',
    message: expect.stringContaining('never_applied@1 has no history'),
  });
  expect(spine.destroyed).toBe(true);
  await expect.poll(() => store.pool.totalCount - store.pool.idleCount).toBe(0);
});

test('an empty spine gives an empty result; progress counts rows', async ({ store }) => {
  await fill(store, clicks);
  expect(await text(joinInPostgresql(store, joinOf(), Readable.from([])))).toBe('');
  const told: number[] = [];
  const csv = await text(
    joinInPostgresql(store, joinOf(), Readable.from([`0,${AT_US},ad-0\n1,${AT_US},ad-0\n2,1,ad-0`]), {
      rowsPerPiece: 2,
      onProgress: ({ rows }) => told.push(rows),
    }),
  );
  expect(csv.split('\n').map((line) => line.slice(0, 3))).toEqual(['0,1', '1,1', '2,0', '']);
  expect(told).toEqual([2, 3]);
});

test('the spine is taken as slowly as the result is read', async ({ store }) => {
  const slow = { ...clicks, name: 'slow' };
  await fill(store, slow, 100);
  const spine = endlessSpine(100);
  const result = joinInPostgresql(store, joinOf(slow), spine.rows, { rowsPerPiece: 10_000 });
  const reader = result[Symbol.asyncIterator]();
  await reader.next();
  const before = spine.taken;
  // The server has a session, which waits for this reader, so other statements finish first.
  for (let turn = 0; turn < 20; turn++) await store.pool.query('select 1');
  expect(spine.taken).toBe(before);
  expect(before).toBeLessThan(30_000);
  await reader.return?.();
  await gone(store);
});

test.for(['signal', 'destroy'] as const)('ends on the server, too: by %s', async (by, { store }) => {
  const ended = { ...clicks, name: `ended_by_${by}` };
  await fill(store, ended, 100);
  const abort = new AbortController();
  const spine = endlessSpine(100);
  const result = joinInPostgresql(store, joinOf(ended), spine.rows, { signal: abort.signal });
  const reason = new Error('No longer wanted.');
  const failed = new Promise((resolve) => result.once('error', resolve));
  result.once('data', () => (by === 'signal' ? abort.abort(reason) : result.destroy(reason)));
  expect(await failed).toMatchObject(by === 'signal' ? { name: 'AbortError', cause: reason } : reason);
  await gone(store);
  await expect.poll(() => store.pool.totalCount - store.pool.idleCount).toBe(0);
});

test('a spine that fails, and one that is not a spine, fail the result and give the session back', async ({
  store,
}) => {
  await fill(store, { ...clicks, name: 'bad_spine' });
  const join = joinOf({ ...clicks, name: 'bad_spine' });
  const broken = new PassThrough();
  broken.write(`0,${AT_US},ad-0\n`);
  const reading = text(joinInPostgresql(store, join, broken));
  broken.destroy(new Error('The file cannot be read.'));
  await expect(reading).rejects.toThrow('The file cannot be read.');
  await expect(text(joinInPostgresql(store, join, Readable.from(['a,b,c\n'])))).rejects.toMatchObject({
    code: '22P02',
  });
  await gone(store);
});

test('a lost connection means that PostgreSQL is unavailable', async ({ store }) => {
  const lost = { ...clicks, name: 'lost' };
  await fill(store, lost, 100);
  const result = joinInPostgresql(store, joinOf(lost), endlessSpine(100).rows);
  result.once(
    'data',
    () =>
      void store.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where query like 'copy (select%' and datname = current_database()`,
      ),
  );
  await expect(text(result)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' });
});

test('landedBefore: nothing that lands afterwards is before it', async ({ store }) => {
  const landing = { ...clicks, name: 'landing' };
  await fill(store, landing);
  const landedAt = async (): Promise<number> => {
    const { rows } = await store.pool.query<{ at: Date }>(
      'select max(landed_at) as at from shop_history.landing_v1',
    );
    return rows[0]?.at.getTime() as number;
  };
  await expect
    .poll(async () => (await landedBefore(store, joinOf(landing))).getTime())
    .toBeGreaterThan(await landedAt());
  let during = Number.NaN;
  await store.transaction(async (tx) => {
    // Begun, without any lock so far.
    await tx.client.query('select 1');
    during = (await landedBefore(store, joinOf(landing))).getTime();
    await appendHistory(tx, project, landing, [row('ad-late')]);
    expect((await landedBefore(store, joinOf(landing))).getTime()).toBe(during);
  });
  expect(await landedAt()).toBeGreaterThanOrEqual(during);
});
