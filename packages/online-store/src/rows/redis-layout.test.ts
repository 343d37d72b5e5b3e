import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const reference = new URL('../../../../docs/reference/', import.meta.url);
const program = readFileSync(new URL('read_row.py', reference), 'utf8');
const fixture = readFileSync(new URL('fixtures/row-format-1.json', import.meta.url), 'utf8');

const ASK = `
import sys, json
from read_row import read_row
stored = json.load(sys.stdin)
header, values = read_row(bytes.fromhex(stored["row_hex"]), stored["schema"])
assert header["schema_fingerprint"] == stored["schema_fingerprint"]
print(json.dumps([header, values], default=lambda moment: moment.isoformat(timespec="milliseconds")))
`;

const hasPython = spawnSync('python3', ['--version']).status === 0;

test('the page shows the reader as it is', () => {
  const page = readFileSync(new URL('redis-layout.md', reference), 'utf8');
  expect(/```python\n(.*?)```/s.exec(page)?.[1]).toBe(program);
});

test.skipIf(!hasPython)('the reader of the page reads a stored row', () => {
  const { stdout, stderr } = spawnSync('python3', ['-c', ASK], {
    input: fixture,
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: fileURLToPath(reference), PYTHONDONTWRITEBYTECODE: '1' },
  });
  expect(stderr).toBe('');
  const [header, values] = JSON.parse(stdout.replace('NaN', '"NaN"')) as [object, object];
  expect(header).toMatchObject({
    event_timestamp: '2026-11-20T18:40:00.123+00:00',
    created_timestamp: '2026-11-20T18:40:04.567+00:00',
    revision: 42,
  });
  expect(values).toEqual({
    brightness: 0.5,
    clicks: 48_211,
    active: true,
    campaign: 'Sömmer 🏖',
    ctr: Math.PI,
    embedding: [1, -2.25, 'NaN'],
    last_seen: '2026-11-20T09:30:00.250+00:00',
    tags: { colours: ['red', null], n: 1 },
    nothing: null,
    impressions: 9_007_199_254_740_991,
    paused: false,
  });
});

const ASK_TILES = `
import sys, json
from read_row import read_tiles
stored = json.load(sys.stdin)
header, tiles = read_tiles(bytes.fromhex(stored["row_hex"]), stored["windowed"])
print(json.dumps([header, tiles], default=lambda moment: moment.isoformat(timespec="milliseconds")))
`;

test.skipIf(!hasPython)('the reader of the page reads the tiles of a windowed view', () => {
  const { stdout, stderr } = spawnSync('python3', ['-c', ASK_TILES], {
    input: readFileSync(new URL('fixtures/row-format-2.json', import.meta.url), 'utf8'),
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: fileURLToPath(reference), PYTHONDONTWRITEBYTECODE: '1' },
  });
  expect(stderr).toBe('');
  const [header, tiles] = JSON.parse(stdout) as [object, { states: object[] }[]];
  expect(header).toMatchObject({ event_timestamp: '2026-11-20T18:40:00.123+00:00', revision: 42 });
  expect(tiles).toMatchObject([
    {
      window: '1h',
      from: '2026-11-20T18:35:00.000+00:00',
      version: 7,
      states: [2, { 1021: 32, 1022: 33, 1023: 34 }, [0.75, 1], null],
    },
    {
      window: '1h',
      from: '2026-11-20T18:40:00.000+00:00',
      version: 2 ** 40 + 5,
      states: [1, {}, [0, 0], -1.5],
    },
    { window: '12d', from: '2026-11-20T00:00:00.000+00:00', version: 9, states: [3, {}, [1e300, 2], 4] },
  ]);
  expect(Object.keys(tiles[2]?.states[1] ?? {})).toHaveLength(600);
});
