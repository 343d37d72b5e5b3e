import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckdb } from '@larder/archive';
import { expect, onTestFinished, test } from 'vitest';
import type { ResolvedFeatures } from '../features/resolve-features.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import { writeParts } from './write-parts.ts';

const ROWS = 60_000;
const FLOATS = 514;

test('a set with vectors that is larger than the memory is written, in the order of the spine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'larder-write-parts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const duckdb = await openDuckdb({ memoryLimitMb: 96, folders: [folder] });
  onTestFinished(() => duckdb.close());
  // The join answers in another order than the spine's.
  await duckdb.run(`
    create view spine as select i as row, i * 3 as s0 from range(${ROWS}) t(i);
    create table joined_0 as select (i * 7919) % ${ROWS} as row,
      list_resize([((i * 7919) % ${ROWS})::float], ${FLOATS}, (i % 97)::float) as v0_f0 from range(${ROWS}) t(i)`);
  const set = await writeParts(duckdb, {
    features: {
      columns: [
        {
          kind: 'history',
          name: 'photo:embedding',
          view: 'photo',
          version: 1,
          field: { name: 'embedding', type: 'vector', length: FLOATS },
          defaultValue: null,
          place: { group: 0, view: 0, feature: 0 },
        },
      ],
      groups: [{}],
    } as unknown as ResolvedFeatures,
    spine: { columns: [{ name: 'id' }], rows: ROWS } as unknown as LoadedSpine,
    split: { parts: [{ part: 'all', rows: 's0 % 10 <> 3' }], statement: null },
    format: 'parquet',
    folder,
    onRows: () => {},
  });
  expect(set.files).toMatchObject([{ part: 'all', rows: ROWS * 0.9 }]);
  const reader = await openDuckdb({ folders: [folder] });
  onTestFinished(() => reader.close());
  expect(
    await reader.all(
      `select count(*)::int as rows, count(*) filter (where first * 3 = id)::int as matched, bool_and(id > before) as ordered
        from (select id, "photo:embedding"[1] as first, lag(id) over (order by file_row_number) as before
          from read_parquet('${join(folder, 'rows.parquet')}', file_row_number = true))`,
    ),
  ).toEqual([{ rows: ROWS * 0.9, matched: ROWS * 0.9, ordered: true }]);
});
