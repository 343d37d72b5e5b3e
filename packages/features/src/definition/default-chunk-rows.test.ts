import { expect, test } from 'vitest';
import { defaultChunkRows } from './default-chunk-rows.ts';
import { f } from './field.ts';

const columns = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`f_${at}`, f.float32()]));

test.each([
  [columns(1), 5_000],
  [columns(10), 5_000],
  [columns(25), 2_000],
  [columns(50), 1_000],
  [{ embedding: f.vector(512) }, 500],
  [{ title: f.string() }, 2_000],
  [{ price: f.float32(), tags: f.json() }, 2_000],
  [{}, 5_000],
])('a chunk holds about as many values whatever the width of its rows', (schema, rows) => {
  expect(defaultChunkRows(schema, null)).toBe(rows);
});
