import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { recordChange } from '@larder/offline-store';
import { sql } from 'kysely';
import { describe, expect, onTestFinished } from 'vitest';
import {
  archiveNow,
  globbed,
  land,
  numbered,
  test,
  view,
  withDuckdb,
  type ArchiveTest,
  type LandedRow,
} from '../testing/archive-test.ts';
import { archiveView, openArchive, openDuckdb } from '../index.ts';

const price = view('price', [{ name: 'price', type: 'float64' }]);
const NOVEMBER = Date.UTC(2026, 10, 1);
const DAY = 86_400_000;

function rows(count: number, { from = NOVEMBER, key = 'ad' } = {}): LandedRow[] {
  return Array.from({ length: count }, (_, i) => ({
    keys: { ad_id: `${key}-${i}` },
    eventTimestampMs: from + i * 1_000,
    createdTimestampMs: from + i * 1_000,
    values: { price: i },
  }));
}

const pathsOf = ({ dir, project }: ArchiveTest): string[] =>
  readdirSync(join(dir, project.project), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.parquet'))
    .toSorted();

async function countRows(given: ArchiveTest): Promise<number> {
  const [row] = await globbed<{ n: bigint }>(given, price, 'count(*) as n');
  return Number(row?.n);
}

test('every type of history is in the files as it was landed, with the time at which it was online', async ({
  given,
}) => {
  const { store, project, dir } = given;
  const every = view(
    'every',
    [
      { name: 'f4', type: 'float32' },
      { name: 'f8', type: 'float64' },
      { name: 'i', type: 'int64' },
      { name: 'n', type: 'int64', safe: true },
      { name: 'b', type: 'bool' },
      { name: 's', type: 'string' },
      { name: 'ts', type: 'timestamp' },
      { name: 'v', type: 'vector', length: 3 },
      { name: 'j', type: 'json' },
      { name: 'month', type: 'string' },
      { name: 'online_at', type: 'string' },
    ],
    'user_ad',
  );
  const onlineAt = new Date('2026-11-20T10:00:00.123Z');
  const keys = { user: -(2n ** 60n), ad_id: 'a,"b\n\u{1f3d6} \'', day: new Date('0044-03-15'), mobile: true };
  const present = {
    f4: 0.1,
    f8: Number.NaN,
    i: 2n ** 62n,
    n: 2 ** 53 - 1,
    b: false,
    s: '',
    ts: new Date(Date.UTC(-43, 2, 15)),
    v: new Float32Array([1.5, -0, 3.4e38]),
    j: { a: 'x\ny' },
    month: '',
    online_at: 'never',
  };
  const at = { eventTimestampMs: NOVEMBER, createdTimestampMs: NOVEMBER + 1 };
  await land({ store, project }, every, {
    onlineAt,
    rows: [
      { keys, ...at, values: present },
      { keys, ...at, revision: 99_999, values: {}, isGone: true },
    ],
  });
  await numbered({ store, project });
  expect(await archiveNow({ store, project, dir }, every)).toMatchObject({
    status: 'archived',
    rows: 2,
    files: 1,
  });
  const columns = [...Object.keys(present), ...Object.keys(keys)].map((name) => `"${name}"`).join(', ');
  const read = await globbed<Record<string, unknown>>(
    { dir, project },
    every,
    `${columns}, event_timestamp, created_timestamp, larder_online_at, larder_month, is_gone, input_hash`,
  );
  const f4 = Math.fround(0.1);
  const expected = {
    event_timestamp: new Date(NOVEMBER),
    created_timestamp: new Date(NOVEMBER + 1),
    larder_online_at: onlineAt,
  };
  const hive = { larder_month: '2026-11', input_hash: 7n };
  const values = {
    ...present,
    f4,
    n: BigInt(present.n),
    v: [1.5, -0, Math.fround(3.4e38)],
    j: '{"a": "x\\ny"}',
  };
  const nulls = Object.fromEntries(Object.keys(present).map((name) => [name, null]));
  expect(read).toEqual([
    { ...keys, ...nulls, ...expected, ...hive, is_gone: true },
    { ...keys, ...values, ...expected, ...hive, is_gone: false },
  ]);
});

describe('increments', () => {
  test('the first time writes every month, sorted, and later only what landed since', async ({ given }) => {
    const { store, project, dir } = given;
    await land(given, price, { rows: rows(50, { from: NOVEMBER - 10 * DAY, key: 'old' }) });
    await land(given, price, { rows: rows(50) });
    await numbered(given);
    expect(await archiveNow({ store, project, dir }, price)).toMatchObject({
      rows: 100,
      position: 2,
      files: 2,
    });
    expect(pathsOf(given)).toEqual([
      'price_v1/month=2026-10/0-2-g1.parquet',
      'price_v1/month=2026-11/0-2-g1.parquet',
    ]);
    expect(await archiveNow(given, price)).toMatchObject({ status: 'current', rows: 0, position: 2 });
    await land(given, price, { rows: rows(3, { from: NOVEMBER + 5 * DAY }) });
    await numbered(given);
    expect(await archiveNow(given, price)).toMatchObject({
      status: 'archived',
      rows: 3,
      position: 3,
      rewritten: null,
    });
    expect(pathsOf(given)).toHaveLength(3);
    expect(await countRows(given)).toBe(103);
    const manifest = JSON.parse(readFileSync(join(dir, project.project, 'price_v1/_larder.json'), 'utf8'));
    expect(manifest).toMatchObject({ format: 1, view: 'price', version: 1, position: 3 });
    expect(manifest.files.map(({ path }: { path: string }) => `price_v1/${path}`)).toEqual(pathsOf(given));

    // As the guide reads the list of files.
    const guide = readFileSync(new URL('../../../../docs/guides/archive.md', import.meta.url), 'utf8');
    const block = [...guide.matchAll(/^```sql\n([^]*?)^```$/gm)]
      .map(([, code = '']) => code)
      .find((code) => code.includes('_larder.json'));
    const folder = join(dir, project.project, 'price_v1');
    const duckdb = await openDuckdb({ folders: [dir] });
    onTestFinished(() => duckdb.close());
    const [set = '', select = ''] = (block ?? '')
      .replaceAll('/mnt/archive/ads/ad_image_v1', folder)
      .split(';\n');
    await duckdb.run(set);
    expect(await duckdb.all(select)).toHaveLength(103);
    // Instead of fewer rows.
    rmSync(join(folder, manifest.files[0].path));
    await expect(duckdb.all(select)).rejects.toMatchObject({ code: 'DATA_FILE_INVALID' });
  });

  test('what is not confirmed online, and what follows it, waits', async ({ given }) => {
    await land(given, price, { rows: rows(1) });
    await numbered(given);
    const chunkId = await land(given, price, { rows: rows(1, { key: 'waits' }), onlineAt: null });
    await numbered(given);
    await land(given, price, { rows: rows(1, { key: 'after' }) });
    await numbered(given);
    expect(await archiveNow(given, price)).toMatchObject({ rows: 1, position: 1 });
    expect(await archiveNow(given, price)).toMatchObject({ status: 'current', position: 1 });
    const onlineAt = new Date('2026-11-20T10:00:00Z');
    await sql`update larder.chunks set state = 'done', online_at = ${onlineAt} where chunk_id = ${chunkId}`.execute(
      given.store.db,
    );
    expect(await archiveNow(given, price)).toMatchObject({ rows: 2, position: 3, rewritten: null });
    expect(await globbed(given, price, 'ad_id, online_at')).toContainEqual({
      ad_id: 'waits-0',
      online_at: onlineAt,
    });
    expect(await countRows(given)).toBe(3);
  });

  test('a landing that commits while the snapshot is taken is archived exactly once', async ({ given }) => {
    await land(given, price, { rows: rows(5) });
    // Committed, and without a position: the sequencer cannot take it meanwhile.
    await given.store.transaction(async (tx) => {
      await sql`select pg_advisory_xact_lock(hashtextextended('larder:changes', 0))`.execute(tx.db);
      await land(given, price, { rows: rows(5, { key: 'unnumbered' }) });
      await archiveNow(given, price);
    });
    await numbered(given);
    await archiveNow(given, price);
    expect(await countRows(given)).toBe(10);
  });

  test('after the feed has expired everything is written again', async ({ given }) => {
    await land(given, price, { rows: rows(2) });
    await numbered(given);
    await archiveNow(given, price);
    await land(given, price, { rows: rows(2, { key: 'lost' }) });
    await land(given, price, { rows: rows(2, { key: 'last' }) });
    await numbered(given);
    await sql`delete from larder.changes where project = ${given.project.project} and position < 3`.execute(
      given.store.db,
    );
    await sql`update larder.feeds set first_position = 3 where project = ${given.project.project}`.execute(
      given.store.db,
    );
    expect(await archiveNow(given, price)).toMatchObject({
      rows: 6,
      position: 3,
      rewritten: 'the feed of changes no longer reaches back so far',
    });
    expect(await countRows(given)).toBe(6);
    expect(pathsOf(given)).toEqual(['price_v1/month=2026-11/0-3-g2.parquet']);
  });

  test('a history that was dropped, and a month that was, leave the archive', async ({ given }) => {
    const { store, project } = given;
    await land(given, price, { rows: rows(2) });
    await land(given, price, { rows: rows(2, { from: NOVEMBER - 10 * DAY }) });
    await numbered(given);
    await archiveNow(given, price);
    await store.pool.query(`drop table "${project.project}_history".price_v1_2026_10`);
    await archiveNow(given, price);
    expect(pathsOf(given)).toEqual(['price_v1/month=2026-11/0-2-g1.parquet']);
    await store.transaction(async (tx) => {
      await sql`delete from ${sql.table(`${project.project}_history.price_v1`)}`.execute(tx.db);
      await recordChange(tx, project.project, { kind: 'dropped', view: 'price', version: 1 });
    });
    await land(given, price, { rows: rows(1, { key: 'new' }) });
    await numbered(given);
    expect(await archiveNow(given, price)).toMatchObject({ rows: 1, rewritten: 'the history was replaced' });
    expect(await globbed(given, price, 'ad_id')).toEqual([{ ad_id: 'new-0' }]);
  });

  test('many small files of a month become one', async ({ given }) => {
    for (let i = 0; i < 10; i++) {
      await land(given, price, { rows: rows(3, { key: `part${i}` }) });
      await numbered(given);
      await archiveNow(given, price);
    }
    expect(pathsOf(given).length).toBeLessThan(8);
    expect(await countRows(given)).toBe(30);
    expect(pathsOf(given)).toContainEqual(expect.stringMatching(/0-9-g\d+\.parquet$/));
  });
});

describe('failures', () => {
  test('two archivers at once write every row once', async ({ given }) => {
    await land(given, price, { rows: rows(500) });
    await numbered(given);
    const results = await Promise.all([1, 2, 3].map(() => archiveNow(given, price)));
    expect(results.filter(({ status }) => status === 'archived')).toHaveLength(1);
    expect(await countRows(given)).toBe(500);
  });

  test('killed after the commit: the next one completes it, and nobody sees a row twice', async ({
    given,
  }) => {
    const { store, project, dir } = given;
    await land(given, price, { rows: rows(5) });
    await numbered(given);
    await archiveNow(given, price);
    const [placed = ''] = pathsOf(given);
    // As if the process had died between the commit and the renames of a rewrite.
    const folder = join(dir, project.project);
    renameSync(join(folder, placed), join(folder, '_staging/price_v1--new'));
    writeFileSync(
      join(folder, 'price_v1/month=2026-11/0-0-g0.parquet'),
      readFileSync(join(folder, '_staging/price_v1--new')),
    );
    await sql`update larder.archive_files set staged_as = '_staging/price_v1--new' where path = ${placed}
      and archive_id in (select archive_id from larder.archives where project = ${project.project})`.execute(
      store.db,
    );
    await sql`insert into larder.archive_files (archive_id, view, version, path, month, rows, size_bytes, removed)
      select archive_id, 'price', 1, 'price_v1/month=2026-11/0-0-g0.parquet', '2026-11', 5, 1, true
      from larder.archives where project = ${project.project}`.execute(store.db);
    expect(await archiveNow(given, price)).toMatchObject({ status: 'current', rewritten: null, files: 1 });
    expect(pathsOf(given)).toEqual([placed]);
    expect(await countRows(given)).toBe(5);
  });

  test('killed before the commit: what was staged is removed', async ({ given }) => {
    const folder = join(given.dir, given.project.project);
    await land(given, price, { rows: rows(5) });
    await numbered(given);
    await archiveNow(given, price);
    writeFileSync(join(folder, '_staging/price_v1--abandoned'), 'PAR1');
    writeFileSync(join(folder, 'price_v1/month=2026-11/9-9-g9.parquet'), 'PAR1');
    await archiveNow(given, price);
    expect(readdirSync(join(folder, '_staging'))).toEqual([]);
    expect(await countRows(given)).toBe(5);
  });

  test('a file that somebody deleted is written again', async ({ given }) => {
    await land(given, price, { rows: rows(5) });
    await numbered(given);
    await archiveNow(given, price);
    rmSync(join(given.dir, given.project.project, pathsOf(given)[0] ?? ''));
    expect(await archiveNow(given, price)).toMatchObject({ rows: 5, rewritten: 'files were missing' });
    expect(await countRows(given)).toBe(5);
  });

  test('a cancelled archiver leaves nothing behind', async ({ given }) => {
    const { store, project, dir } = given;
    await land(given, price, { rows: rows(5) });
    await numbered(given);
    const archive = await openArchive(store, dir, project.project);
    await expect(
      withDuckdb(archive.folder, (duckdb) =>
        archiveView(store, {
          project,
          view: price,
          archive,
          duckdb,
          signal: AbortSignal.abort(new Error('Stopped.')),
        }),
      ),
    ).rejects.toThrow('Stopped.');
    expect(readdirSync(join(archive.folder, '_staging'))).toEqual([]);
    expect(await archiveNow(given, price)).toMatchObject({ rows: 5 });
  });

  test('folders of somebody else are refused', async ({ given }) => {
    const { store, project, dir } = given;
    const folder = join(dir, project.project);
    await openArchive(store, dir, project.project);
    await sql`delete from larder.archives where project = ${project.project}`.execute(store.db);
    await expect(openArchive(store, dir, project.project)).rejects.toMatchObject({
      code: 'ARCHIVE_FOLDER_REFUSED',
      message: expect.stringContaining('another database'),
    });
    rmSync(join(folder, '_larder.json'));
    writeFileSync(join(folder, 'mine.txt'), '');
    await expect(openArchive(store, dir, project.project)).rejects.toThrow('holds other files (mine.txt)');
    expect(existsSync(join(folder, '_larder.json'))).toBe(false);
  });
});
