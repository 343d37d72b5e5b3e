import { systemClock } from '@larder/core';
import { connectRedis, isGoneRow } from '@larder/online-store';
import { describe, expect, onTestFinished } from 'vitest';
import { test, type Shop } from '../../../fixtures/shop.ts';
import { forgetEntity } from '../../erasure/forget-entity.ts';
import { cancelRun, decideGone, pauseRun, resumeRun, retryFailed } from '../index.ts';
import { pushRows } from '../../push/push-rows.ts';

const VIEW = 'catalog@1';
const key = (at: number) => `ad-${String(at).padStart(3, '0')}`;

/** A source with so many items, and nothing of another test in either store. */
async function stock(shop: Shop, items: number): Promise<void> {
  await shop.sql(`truncate items; truncate shop_history.catalog_v1; delete from larder.runs`);
  const redis = connectRedis(shop.redisUrl, { role: 'worker' });
  const held = await redis.keys('larder:shop:{ad:*');
  if (held.length > 0) await redis.del(...held);
  redis.disconnect();
  await shop.sql(
    `insert into items select 'ad-' || to_char(i, 'FM000'), i, '2026-03-01' from generate_series(1, ${items}) i`,
  );
}

const remove = (shop: Shop, ...items: number[]) =>
  shop.sql(`delete from items where ad_id = any ('{${items.map(key).join()}}')`);

/** `price`, or whether there is no row or one that says that the key is gone. */
async function served(shop: Shop, item: number): Promise<unknown> {
  const held = await shop.onlineStore.inspect('ad', key(item));
  const row = held?.fields.find(({ viewRef }) => viewRef === VIEW)?.row;
  if (row === undefined) return 'nothing';
  return isGoneRow(row) ? 'gone' : ((await shop.online(VIEW, key(item)))?.values['price'] ?? 'unreadable');
}

const history = (shop: Shop, item: number) =>
  shop.sql<{ price: number | null; is_gone: boolean; event: string }>(
    `select price, is_gone, event_timestamp::date::text as event from shop_history.catalog_v1
     where ad_id = '${key(item)}' order by event_timestamp, created_timestamp, revision`,
  );

const stateOf = async (shop: Shop, runId: string) =>
  (await shop.sql<{ gone_state: string }>(`select gone_state from larder.runs where run_id = '${runId}'`))[0]
    ?.gone_state;

const seenLeft = (shop: Shop) => shop.sql('select chunk_id from larder.seen_keys');

/** Runs over all rows until it has ended. */
async function fill(shop: Shop) {
  return shop.ended(await shop.backfill(VIEW));
}

function work(shop: Shop) {
  const materializer = shop.materializer();
  onTestFinished(() => materializer.stop({ deadlineMs: 1_000 }));
  return materializer;
}

describe('a key that the source no longer has', () => {
  test('ends with the next run over all rows, in history and online; the others are untouched', async ({
    shop,
  }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 7, 40);
    const run = await fill(shop);
    expect(run).toMatchObject({ status: 'succeeded', rows: { total: 40, done: 2, skippedUnchanged: 38 } });
    expect([await served(shop, 7), await served(shop, 40), await served(shop, 8)]).toEqual([
      'gone',
      'gone',
      8,
    ]);
    expect(await history(shop, 7)).toEqual([
      { price: 7, is_gone: false, event: '2026-03-01' },
      { price: null, is_gone: true, event: '2026-03-01' },
    ]);
    expect(await history(shop, 8)).toHaveLength(1);
    expect(await seenLeft(shop)).toEqual([]);
    const again = await fill(shop);
    expect(again).toMatchObject({ status: 'succeeded', rows: { total: 38, done: 0, skippedUnchanged: 38 } });
    const [{ rows: told } = { rows: 0 }] = await shop.sql<{ rows: number }>(
      `select sum(rows)::integer as rows from larder.unnumbered_changes where kind = 'landed' and run_id = '${run.runId}'
       union all select sum(rows)::integer from larder.changes where kind = 'landed' and run_id = '${run.runId}'
       order by 1 limit 1`,
    );
    expect(told).toBe(2);
  });

  test('is in no chunk when it was erased, though rows of it are still there', async ({ shop }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 9, 10);
    await forgetEntity(
      {
        offlineStore: shop.store,
        onlineStore: shop.onlineStore,
        logger: shop.logger,
        eraseFromArchives: async () => ({ rows: 0, unreachable: [] }),
      },
      { manifest: shop.project.manifest, entity: 'ad', key: key(9), actor: 'test', reason: null },
    );
    // As if the erasure had not come to them yet.
    await shop.sql(`
      insert into shop_history.catalog_v1
      select (jsonb_populate_record(c, '{"ad_id": "${key(9)}"}')).* from shop_history.catalog_v1 c where ad_id = '${key(8)}'`);
    expect(await fill(shop)).toMatchObject({ status: 'succeeded', rows: { done: 1 } });
    expect([await served(shop, 9), await served(shop, 10)]).toEqual(['nothing', 'gone']);
    expect(await shop.sql(`select bounds from larder.chunks where bounds::text like '%${key(9)}%'`)).toEqual(
      [],
    );
    await shop.sql(`delete from shop_history.catalog_v1 where ad_id = '${key(9)}'`);
  });

  test('is served again when it is back with the time it had, and later changes of it are too', async ({
    shop,
  }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 3);
    await fill(shop);
    expect(await served(shop, 3)).toBe('gone');
    await shop.sql(`insert into items values ('${key(3)}', 3, '2026-03-01')`);
    expect(await fill(shop)).toMatchObject({ rows: { done: 1, skippedUnchanged: 39 } });
    expect(await served(shop, 3)).toBe(3);
    expect(await fill(shop)).toMatchObject({ rows: { done: 0, skippedUnchanged: 40 } });
    // In place, without a later event timestamp.
    await shop.sql(`update items set price = 33 where ad_id = '${key(3)}'`);
    expect(await fill(shop)).toMatchObject({ rows: { done: 1 } });
    expect(await served(shop, 3)).toBe(33);
    expect(await fill(shop)).toMatchObject({ rows: { done: 0 } });
    await remove(shop, 3);
    await fill(shop);
    expect(await served(shop, 3)).toBe('gone');
    // An older time than it had, as from a backup of the source.
    await shop.sql(`insert into items values ('${key(3)}', 4, '2026-02-01')`);
    await fill(shop);
    expect(await served(shop, 3)).toBe(4);
    expect(await fill(shop)).toMatchObject({ rows: { done: 0 } });
  });

  test('is taken by a run for missing entities when it is back', async ({ shop }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 3);
    await fill(shop);
    await shop.sql(`insert into items values ('${key(3)}', 3, '2026-03-01')`);
    await shop.ended(await shop.backfill(VIEW, { scope: { missing: true } }));
    expect(await served(shop, 3)).toBe(3);
  });

  test('stays gone when the online store lost it and history is written there again', async ({ shop }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 3);
    const { runId } = await fill(shop);
    const chunks = await shop.sql<{ chunk_id: number }>(
      `select chunk_id from larder.chunks where run_id = '${runId}' and bounds ? 'goneSince'`,
    );
    expect(chunks).toHaveLength(1);
    const { runId: first } = (await fill(shop)) as { runId: string };
    expect(first).not.toBe(runId);
    // A chunk of the first run, replayed late, does not bring it back.
    await shop.sql(`update larder.chunks c set state = 'landed_history', finished_at = null, lease_expires_at = now(), claimed_by = 'w'
      from larder.runs r where r.run_id = c.run_id and c.rows_done > 0 and r.status = 'succeeded'
        and c.chunk_id in (select chunk_id from shop_history.catalog_v1)`);
    await shop.sql(`update larder.runs set status = 'running', finished_at = null where finished_at is not null and exists (
      select from larder.chunks c where c.run_id = runs.run_id and c.state = 'landed_history')`);
    await expect
      .poll(() => shop.sql(`select from larder.runs where finished_at is null`), { timeout: 60_000 })
      .toEqual([]);
    expect(await served(shop, 3)).toBe('gone');
    expect(await served(shop, 4)).toBe(4);
  });

  test('stays when somebody pushed it after the run was planned', async ({ shop }) => {
    await stock(shop, 40);
    const worker = work(shop);
    await fill(shop);
    await remove(shop, 3, 4);
    const runId = await paused(shop);
    await worker.stop({ deadlineMs: 1_000 });
    expect(await stateOf(shop, runId)).toBe('reading');
    const { store: offlineStore, onlineStore, logger, project } = shop;
    const row = { ad_id: key(4), event_timestamp: '2026-03-02T00:00:00Z', price: 44 };
    await pushRows(
      { offlineStore, onlineStore, logger, clock: systemClock },
      { manifest: project.manifest, view: VIEW, rows: [row] },
    );
    await resumeRun(shop.store, 'shop', runId);
    work(shop);
    await shop.ended(runId);
    expect(await served(shop, 3)).toBe('gone');
    expect(await served(shop, 4)).toBe(44);
  });
});

describe('a run that would end too much', () => {
  test('is held with its reason, its rows served; resuming it ends the keys', async ({ shop }) => {
    await stock(shop, 100);
    work(shop);
    await fill(shop);
    await shop.sql(`delete from items where price > 80`);
    await shop.sql(`update items set price = 0.5, updated_at = '2026-03-02' where ad_id = '${key(1)}'`);
    const runId = await shop.backfill(VIEW);
    const held = await shop.until(runId, (run) => run.status === 'held' || run.finishedAt !== null);
    expect(held).toMatchObject({ status: 'held', error: { code: 'GONE_KEYS_HELD' }, rows: { done: 1 } });
    expect(held.error?.reason).toMatch(
      /20 of 100 keys \(20%\); catalog@1 lets a run end 5%.*larder runs \S+ resume/,
    );
    expect([await served(shop, 1), await served(shop, 90)]).toEqual([0.5, 90]);
    await resumeRun(shop.store, 'shop', runId);
    const run = await shop.ended(runId);
    expect(run).toMatchObject({ status: 'succeeded', error: null, rows: { total: 100, done: 21 } });
    expect(await served(shop, 90)).toBe('gone');
    expect(await seenLeft(shop)).toEqual([]);
  });

  test('is held for any source that returns nothing, and a newer run ends it', async ({ shop }) => {
    await stock(shop, 5);
    work(shop);
    await fill(shop);
    await shop.sql('truncate items');
    const runId = await shop.backfill(VIEW);
    const held = await shop.until(runId, (run) => run.status === 'held' || run.finishedAt !== null);
    expect(held.error?.reason).toMatch(/returned no rows, and history has 5 keys/);
    await shop.sql(
      `insert into items select 'ad-' || to_char(i, 'FM000'), i, '2026-03-01' from generate_series(1, 4) i`,
    );
    expect(await fill(shop)).toMatchObject({ status: 'succeeded', rows: { done: 1, skippedUnchanged: 4 } });
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', error: null });
    expect(await stateOf(shop, runId)).toBe('undecided');
    expect([await served(shop, 4), await served(shop, 5)]).toEqual([4, 'gone']);
  });

  test('of a source that is really empty ends every key once somebody resumes it', async ({ shop }) => {
    await stock(shop, 5);
    work(shop);
    await fill(shop);
    await shop.sql('truncate items');
    const runId = await shop.backfill(VIEW);
    await shop.until(runId, (run) => run.status === 'held' || run.finishedAt !== null);
    await resumeRun(shop.store, 'shop', runId);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded', rows: { total: 5, done: 5 } });
    expect([await served(shop, 1), await served(shop, 5)]).toEqual(['gone', 'gone']);
  });

  test('can be cancelled: its rows stay, and no key ends', async ({ shop }) => {
    await stock(shop, 100);
    work(shop);
    await fill(shop);
    await shop.sql(`delete from items where price > 80`);
    const runId = await shop.backfill(VIEW);
    await shop.until(runId, (run) => run.status === 'held' || run.finishedAt !== null);
    await cancelRun(shop.store, 'shop', runId);
    expect(await served(shop, 90)).toBe(90);
  });
});

describe('a run that does not know everything ends nothing', () => {
  test('while a row fails; after it is retried, what is gone ends', async ({ shop }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 3);
    await shop.sql(`update items set updated_at = null where ad_id = '${key(5)}'`);
    const failing = await fill(shop);
    expect(failing).toMatchObject({ status: 'partial', rows: { failed: 1 } });
    expect(await stateOf(shop, failing.runId)).toBe('undecided');
    expect([await served(shop, 3), await served(shop, 5)]).toEqual([3, 5]);
    await shop.sql(`update items set updated_at = '2026-03-01' where ad_id = '${key(5)}'`);
    await retryFailed(shop.store, 'shop', failing.runId);
    expect(await shop.ended(failing.runId)).toMatchObject({ status: 'succeeded' });
    expect([await served(shop, 3), await served(shop, 5)]).toEqual(['gone', 5]);
  });

  test('when a part was landed by a worker that does not record keys', async ({ shop }) => {
    await stock(shop, 40);
    const worker = work(shop);
    await fill(shop);
    await remove(shop, 3);
    const runId = await paused(shop);
    await worker.stop({ deadlineMs: 1_000 });
    await shop.sql(`delete from larder.seen_keys where chunk_id = (
      select min(chunk_id) from larder.chunks where run_id = '${runId}' and state = 'done')`);
    await resumeRun(shop.store, 'shop', runId);
    work(shop);
    expect(await shop.ended(runId)).toMatchObject({ status: 'succeeded' });
    expect(await stateOf(shop, runId)).toBe('undecided');
    expect(await served(shop, 3)).toBe(3);
  });

  test('with a limit, or of some entities', async ({ shop }) => {
    await stock(shop, 40);
    work(shop);
    await fill(shop);
    await remove(shop, 3);
    await shop.ended(await shop.backfill(VIEW, { limit: 10 }));
    await shop.ended(await shop.backfill(VIEW, { scope: { entities: [{ ad_id: key(1) }] } }));
    expect(await served(shop, 3)).toBe(3);
  });

  test('when a newer run over all rows has begun: that one decides', async ({ shop }) => {
    await stock(shop, 40);
    const filling = work(shop);
    await fill(shop);
    await filling.stop({ deadlineMs: 1_000 });
    await remove(shop, 3);
    const older = await shop.backfill(VIEW);
    const newer = await shop.backfill(VIEW);
    work(shop);
    work(shop);
    await shop.ended(older);
    await shop.ended(newer);
    expect([await stateOf(shop, older), await stateOf(shop, newer)]).toEqual(['undecided', 'decided']);
    expect(await served(shop, 3)).toBe('gone');
    expect(await history(shop, 3)).toHaveLength(2);
  });
});

test('a run whose worker died after it was decided goes on with another one; what is back meanwhile stays', async ({
  shop,
}) => {
  await stock(shop, 40);
  const worker = work(shop);
  await fill(shop);
  await remove(shop, 3, 4);
  const turn = await shop.silentSession();
  const runId = await shop.backfill(VIEW);
  await turn.query(`select pg_advisory_lock(hashtextextended('larder:gone:' || $1, 0))`, [runId]);
  await shop.until(runId, (run) => run.rows.skippedUnchanged === 38);
  await expect
    .poll(() => shop.sql(`select from larder.chunks where run_id = '${runId}' and state <> 'done'`))
    .toEqual([]);
  await worker.stop({ deadlineMs: 1_000 });
  expect(await stateOf(shop, runId)).toBe('reading');
  await turn.query('select pg_advisory_unlock_all()');
  const decided = await decideGone(shop.store, {
    project: shop.project.manifest,
    find: () => shop.view(VIEW),
  });
  expect(decided).toMatchObject([{ runId, outcome: 'decided', keys: 2 }]);
  await shop.sql(`insert into items values ('${key(4)}', 4, '2026-03-01')`);
  expect(await served(shop, 3)).toBe(3);
  work(shop);
  expect(await shop.ended(runId)).toMatchObject({
    status: 'succeeded',
    rows: { total: 40, done: 1, skippedUnchanged: 39 },
  });
  expect([await served(shop, 3), await served(shop, 4)]).toEqual(['gone', 4]);
  expect(await history(shop, 4)).toHaveLength(1);
});

/** A run over all rows that is paused before it has read all of them. */
async function paused(shop: Shop): Promise<string> {
  // From its first moment: a worker is waiting for it.
  await shop.sql(`
    create function slowly() returns trigger language plpgsql as $$ begin new.max_rows_per_second = 8; return new; end $$;
    create trigger slowly before insert on larder.runs for each row execute function slowly()`);
  const runId = await shop.backfill(VIEW);
  await shop.sql('drop trigger slowly on larder.runs; drop function slowly()');
  await shop.until(runId, (run) => run.rows.skippedUnchanged > 0);
  await pauseRun(shop.store, 'shop', runId);
  await expect
    .poll(() =>
      shop.sql(
        `select from larder.chunks where run_id = '${runId}' and state in ('dispatched', 'running', 'landed_history')`,
      ),
    )
    .toEqual([]);
  await shop.sql(`update larder.runs set max_rows_per_second = null where run_id = '${runId}'`);
  return runId;
}
