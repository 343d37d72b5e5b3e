import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { tableFromIPC } from 'apache-arrow';
import { expect, onTestFinished, test } from 'vitest';
import { writeTrainingSet } from '../testing/write-training-set.ts';
import { convertRows } from './convert-rows.ts';

const ROWS = 40_000;

async function converted(format: 'parquet' | 'csv' | 'arrow'): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-rows-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeTrainingSet(
    join(folder, 'set'),
    [],
    `select i as row, 'k' || i as key, '2026-11-01T00:00:00.123456Z'::timestamptz + interval 1 microsecond * i as at,
       case when i % 3 = 0 then null else i / 4 end as "view:share", [i::float, null] as "view:pair" from range(${ROWS}) t(i)`,
  );
  const out = createWriteStream(join(folder, 'out'));
  const files = [{ path: join(folder, 'set/rows.parquet'), format: 'parquet' as const }];
  await convertRows(out, { folder: join(folder, 'set'), files, format, temporaryFolder: folder });
  out.end();
  await once(out, 'close');
  return readFile(join(folder, 'out'));
}

test('an Arrow stream of several batches has every value, with microseconds, in order', async () => {
  const table = tableFromIPC(new Uint8Array(await converted('arrow')));
  expect(table.batches.length).toBeGreaterThan(1);
  expect(table.numRows).toBe(ROWS);
  const column = <T>(name: string): T[] => [...(table.getChild(name) ?? [])] as T[];
  expect(column<bigint>('row')).toEqual(Array.from({ length: ROWS }, (_, i) => BigInt(i)));
  expect(column<number | null>('view:share').slice(0, 3)).toEqual([null, 0.25, 0.5]);
  const last = table.batches.at(-1)?.getChild('at')?.data[0]?.values as BigInt64Array;
  expect(last.at(-1)).toBe(BigInt(Date.parse('2026-11-01T00:00:00Z')) * 1_000n + 123_456n + BigInt(ROWS - 1));
  expect([...(column<Iterable<number | null>>('view:pair')[7] ?? [])]).toEqual([7, null]);
});

test('CSV has the rows in their order', async () => {
  const lines = (await converted('csv')).toString().trim().split('\n');
  expect(lines).toHaveLength(ROWS + 1);
  expect(lines[ROWS]).toContain(`${ROWS - 1},k${ROWS - 1},`);
});
