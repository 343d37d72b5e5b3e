import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { writeTrainingSet } from '../testing/write-training-set.ts';
import { readTensor } from './read-tensor.ts';

const ROWS = 5_000;
let set: string;

beforeAll(async () => {
  set = await mkdtemp(join(tmpdir(), 'larder-read-tensor-'));
  const manifest = await writeTrainingSet(
    set,
    [
      { name: 'shop:visits', type: 'float64', nulls: 1 },
      { name: 'shop:premium', type: 'bool', nulls: 0 },
      { name: 'photo:embedding', type: 'vector', length: 2, nulls: 1 },
    ],
    `select i as row, case when i = 1234 then null else i / 10.0 end::double as "shop:visits", i % 2 = 0 as "shop:premium",
       case when i = 4321 then null else [0.1::float, i::float] end as "photo:embedding", i % 3 as label from range(${ROWS}) t(i)`,
  );
  const columns = [{ name: 'label', type: 'BIGINT', role: 'passed' }];
  const known = { ...manifest, spine: { ...manifest.spine, columns } };
  await writeFile(join(set, 'manifest.json'), JSON.stringify(known));
  return () => rm(set, { recursive: true });
});

test('rows are those of the tensor, in the order of the file, with the columns that were asked for', async () => {
  const { features, rows, columns } = await readTensor(set, { columns: ['label'] });
  expect(features).toEqual(['shop:visits', 'shop:premium', 'photo:embedding']);
  expect(rows).toHaveLength(ROWS);
  expect(rows.every((row, i) => i === 4321 || row[3] === i)).toBe(true);
  expect(rows[7]).toEqual(Float32Array.of(0.7, 0, 0.1, 7));
  expect(rows[1234]).toEqual(Float32Array.of(Number.NaN, 1, 0.1, 1234));
  expect(rows[4321]).toEqual(Float32Array.of(432.1, 0, Number.NaN, Number.NaN));
  expect(columns['label']?.map(Number)).toEqual(Array.from({ length: ROWS }, (_, i) => i % 3));
});

test('some features in the order of a model, with its value for what is missing', async () => {
  const { rows } = await readTensor(set, {
    features: ['photo:embedding', 'shop:visits'],
    missing: 0,
    part: 'all',
  });
  expect(rows[4321]).toEqual(Float32Array.of(0, 0, 432.1));
});

test('what the set does not have is named with what it has', async () => {
  await expect(readTensor(set, { columns: ['churned'] })).rejects.toThrow(/no column churned.*label/);
  await expect(readTensor(set, { part: 'test' })).rejects.toThrow(/no part test; its parts are: all/);
  await expect(readTensor(set, { features: ['shop:age'] })).rejects.toThrow(/no feature shop:age/);
});
