import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test as base } from 'vitest';
import { describeColumns, openDuckdb, scanFile, textLiteral, writeFile, type Duckdb } from '../index.ts';
import { duckdbError } from './duckdb-errors.ts';

interface Given {
  /** May be read. */
  readonly folder: string;
  readonly tempFolder: string;
  readonly duckdb: Duckdb;
}

const test = base.extend<Given>({
  // oxlint-disable-next-line no-empty-pattern
  folder: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'larder-duckdb-test-'));
    await use(folder);
    rmSync(folder, { recursive: true });
  },
  tempFolder: async ({ folder }, use) => {
    await use(join(folder, 'temp'));
  },
  duckdb: async ({ folder, tempFolder }, use) => {
    const duckdb = await openDuckdb({ folders: [folder], tempFolder, memoryLimitMb: 200 });
    await use(duckdb);
    await duckdb.close();
  },
});

describe('files', () => {
  test('a text that ends with CR LF in the only line does not decide how lines end', async ({
    duckdb,
    folder,
  }) => {
    const path = join(folder, 'one-line.csv');
    writeFileSync(path, '1,"a,b\r\n"\n');
    const columns = { id: 'BIGINT', text: 'VARCHAR' };
    const scan = scanFile({ path, format: 'csv', columns, header: false, linesEndWithLf: true });
    expect(await duckdb.all(`select text from ${scan}`)).toEqual([{ text: 'a,b\r\n' }]);
  });

  const rows = `select 1::bigint as "row", '' as empty, null::text as "none", 'a,"b' as quoted,
    timestamptz '2026-01-01 00:00:00.123456+02' as at, ['1.5', 'nan']::float[] as vector`;

  test.for(['parquet', 'csv'] as const)(
    '%s keeps values, nulls and empty texts',
    async (format, { duckdb, folder }) => {
      const path = join(folder, `x's.${format}`);
      expect(await writeFile(duckdb, rows, { path, format })).toBe(1);
      const columns = { row: 'BIGINT', empty: 'VARCHAR', none: 'VARCHAR', quoted: 'VARCHAR' };
      const file = { path, format, columns: { ...columns, at: 'TIMESTAMPTZ', vector: 'FLOAT[]' } };
      const same = `select count(*) as n from (from ${scanFile(file)} intersect all (${rows}))`;
      expect(await duckdb.all(same)).toEqual([{ n: 1n }]);
    },
  );

  test('types are inferred from every row, unless they are given', async ({ duckdb, folder }) => {
    const path = join(folder, 'x.csv');
    const lines = ['id,n,at', ...Array.from({ length: 50_000 }, () => '007,1,2026-01-01T00:00:00+02:00')];
    writeFileSync(path, [...lines, '7,1.5,2026-01-01T00:00:00Z', ''].join('\n'));
    expect(
      await describeColumns(duckdb, scanFile({ path, format: 'csv', types: { id: 'VARCHAR' } })),
    ).toEqual([
      { name: 'id', type: 'VARCHAR' },
      { name: 'n', type: 'DOUBLE' },
      { name: 'at', type: 'TIMESTAMP WITH TIME ZONE' },
    ]);
  });

  test('lines of JSON are read with the given types', async ({ duckdb, folder }) => {
    const path = join(folder, 'x.jsonl');
    writeFileSync(path, '{"id":1,"at":"2026-01-01T02:00:00+02:00","extra":1}\n{"id":2}\n');
    const columns = { id: 'VARCHAR', at: 'TIMESTAMPTZ' };
    expect(
      await duckdb.all(`select * from ${scanFile({ path, format: 'json', columns })} order by id`),
    ).toEqual([
      { id: '1', at: new Date('2026-01-01T00:00:00Z') },
      { id: '2', at: null },
    ]);
  });

  test('sorted rows stay sorted in the file, and are read in groups', async ({ duckdb, folder }) => {
    const path = join(folder, 'sorted.parquet');
    const query = 'select hash(range) as h from range(300000)';
    await writeFile(duckdb, query, { path, format: 'parquet', orderBy: ['h'], rowGroupRows: 20_000 });
    const hashes: bigint[] = [];
    let groups = 0;
    const sql = `select h from read_parquet(${textLiteral(path)}, file_row_number = true) order by file_row_number`;
    for await (const group of duckdb.rows<{ h: bigint }>(sql)) {
      hashes.push(...group.map(({ h }) => h));
      groups++;
    }
    expect(hashes).toHaveLength(300_000);
    expect(hashes.every((h, i) => i === 0 || h > (hashes[i - 1] as bigint))).toBe(true);
    expect(groups).toBeGreaterThan(100);
  });

  test('a broken file is refused with what is wrong with it', async ({ duckdb, folder }) => {
    const path = join(folder, 'x.csv');
    writeFileSync(path, 'id,n\n1,x\n');
    const columns = { id: 'BIGINT', n: 'INTEGER' };
    await expect(
      duckdb.all(`select * from ${scanFile({ path, format: 'csv', columns })}`, { what: 'Reading x.csv' }),
    ).rejects.toMatchObject({
      code: 'DATA_FILE_INVALID',
      message: `Reading x.csv failed: CSV Error on Line: 2; Original Line: 1,x; Error when converting column "n". Could not convert string "x" to 'INTEGER'`,
    });
    await expect(
      duckdb.all(`select * from ${scanFile({ path, format: 'parquet' })}`, { what: 'Reading x.csv' }),
    ).rejects.toMatchObject({ code: 'DATA_FILE_INVALID', message: /^Reading x.csv failed: No magic bytes/ });
    await expect(
      duckdb.all(`select * from ${scanFile({ path: join(folder, 'none.parquet'), format: 'parquet' })}`),
    ).rejects.toMatchObject({ code: 'DATA_FILE_INVALID' });
  });
});

describe('a hostile statement', () => {
  test('opens no file outside the folders', async ({ duckdb, folder }) => {
    symlinkSync('/etc/passwd', join(folder, 'link.csv'));
    for (const sql of [
      `from read_csv('/etc/passwd')`,
      `from read_text('${folder}/../../etc/passwd')`,
      `from read_text('${folder}/link.csv')`,
      `from glob('/etc/*')`,
      `copy (select 1) to '${folder}-outside.csv'`,
      `attach '${folder}-outside.db'`,
    ])
      await expect(duckdb.run(sql)).rejects.toThrow(/^Permission Error/);
  });

  test('loads no extension and changes no setting', async ({ duckdb }) => {
    for (const sql of ['install httpfs', 'load httpfs', `from read_csv('http://127.0.0.1:1/x.csv')`])
      await expect(duckdb.run(sql)).rejects.toThrow(/^Permission Error|extension|disabled/i);
    for (const sql of ['set enable_external_access = true', `set memory_limit = '8GB'`])
      await expect(duckdb.run(sql)).rejects.toThrow(/configuration has been locked/);
  });
});

test('what exceeds the memory goes to a folder that close removes', async ({ folder, tempFolder }) => {
  const duckdb = await openDuckdb({ tempFolder, memoryLimitMb: 40, folders: [folder] });
  await duckdb.run(
    'create table big as select range as id, hash(range) as a, md5(range::text) as b from range(1200000)',
  );
  expect(await duckdb.all('select count(distinct id) as n, count(b) as b from big')).toEqual([
    { n: 1_200_000n, b: 1_200_000n },
  ]);
  expect(existsSync(join(duckdb.folder, 'spill'))).toBe(true);
  await duckdb.close();
  expect(readdirSync(tempFolder)).toEqual([]);
});

test('a full disk is not the fault of the file', () => {
  const thrown = new Error('IO Error: Could not write file "/out/scores": No space left on device');
  expect(duckdbError(thrown, 'Writing scores')).toMatchObject({
    code: 'WORK_MEMORY_EXCEEDED',
    message: expect.stringContaining('No space left on device'),
  });
});

test('a signal interrupts the query, and close does too', async ({ tempFolder }) => {
  const endless = 'select count(*) from range(1000000000000) t(a) where hash(a) % 7 = random()';
  const stop = new AbortController();
  const duckdb = await openDuckdb({ tempFolder, signal: stop.signal });
  const query = duckdb.run(endless);
  stop.abort(new Error('Stopped.'));
  await expect(query).rejects.toThrow('Stopped.');
  await expect(duckdb.run('select 1')).rejects.toThrow('Stopped.');
  await duckdb.close();
  const another = await openDuckdb({ tempFolder });
  const running = another.run(endless).catch((error: unknown) => error);
  await another.close();
  expect(await running).toBeInstanceOf(Error);
});

test('intermediate data of a killed process is removed by the next', async ({ tempFolder }) => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const duckdb = await openDuckdb({ tempFolder });
  mkdirSync(join(tempFolder, `larder-duckdb-${hostname()}-${pid}-abcdef`));
  const next = await openDuckdb({ tempFolder });
  expect(readdirSync(tempFolder).toSorted()).toEqual(
    [duckdb, next].map(({ folder }) => folder.slice(folder.lastIndexOf('/') + 1)).toSorted(),
  );
  await Promise.all([duckdb.close(), next.close()]);
});

test('importing the package does not load DuckDB', () => {
  const script = `await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)});
    console.log(process.report.getReport().sharedObjects.filter((each) => each.includes('duckdb')).length)`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  expect(stdout.trim()).toBe('0');
});
