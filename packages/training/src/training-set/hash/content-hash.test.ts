import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { openDuckdb } from '@larder/archive';
import { expect, test } from 'vitest';
import { hashRows } from './hash-rows.ts';

const page = readFileSync(new URL('../../../../../docs/reference/training-set.md', import.meta.url), 'utf8');
const COLUMNS = [
  ['text, "é"', 'string', 'VARCHAR'],
  ['n', 'int64', 'BIGINT'],
  ['ok', 'bool', 'BOOLEAN'],
  ['f', 'float32', 'FLOAT'],
  ['d', 'float64', 'DOUBLE'],
  ['t', 'timestamp', 'TIMESTAMP WITH TIME ZONE'],
  ['v', 'vector', 'FLOAT[]'],
] as const;
/** The same rows in Python and in SQL. */
const PYTHON = `[('é:1', 2**62, True, 0.1, float('nan'), 1, [0.1, float('nan')]), (None,) * 7, ('', -1, False, -0.0, 1e300, -1, []), ('', -1, False, -0.0, 1e300, -1, [])]`;
const SQL = `(values ('é:1', 2::BIGINT ** 62, true, 0.1::FLOAT, 'nan'::DOUBLE, make_timestamptz(1), [0.1, 'nan'::FLOAT]::FLOAT[]),
  (null, null, null, null, null, null, null),
  ('', -1, false, '-0.0'::FLOAT, 1e300, make_timestamptz(-1), []), ('', -1, false, '-0.0'::FLOAT, 1e300, make_timestamptz(-1), []))`;

const hasPython = spawnSync('python3', ['--version']).status === 0;

test.skipIf(!hasPython)('the Python of the reference computes the same hash', async () => {
  const code = /```python\n([^]*?)```/.exec(page)?.[1] ?? '';
  const columns = JSON.stringify(COLUMNS.map(([name, type]) => [name, type]));
  const expected = execFileSync('python3', ['-c', `${code}\nprint(content_sha256(${columns}, ${PYTHON}))`], {
    encoding: 'utf8',
  }).trim();
  const duckdb = await openDuckdb();
  try {
    const names = COLUMNS.map((_, i) => `c${i}`);
    const relation = `(select c0, c1::BIGINT as c1, c2, c3, c4, c5, c6 from ${SQL} given(${names.join(', ')}))`;
    const hashed = COLUMNS.map(([name, portableType, type], i) => ({
      name,
      portableType,
      type,
      value: `c${i}`,
    }));
    expect(await hashRows(duckdb, relation, hashed)).toBe(expected);
    expect(await hashRows(duckdb, `(from ${relation} order by c1)`, hashed)).toBe(expected);
    expect(await hashRows(duckdb, `(from ${relation} limit 3)`, hashed)).not.toBe(expected);
  } finally {
    await duckdb.close();
  }
});
