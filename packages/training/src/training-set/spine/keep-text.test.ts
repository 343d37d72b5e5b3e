import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@larder/core';
import { expect } from 'vitest';
import { test } from '../../testing/history-test.ts';
import { readRows } from '../../testing/read-rows.ts';
import { buildTrainingSet } from '../build-training-set.ts';

const COLUMNS = [
  ['whole numbers', ['7', '-12', ''], 'int64', [7n, -12n, null]],
  ['leading zeros', ['007', '8', ''], 'string', ['007', '8', null]],
  ['zeros alone', ['0', '-0', '1'], 'string', ['0', '-0', '1']],
  ['decimals', ['1.50', '-0.25', '3'], 'float64', [1.5, -0.25, 3]],
  ['decimals with leading zeros', ['01.5', '2.5', '3.5'], 'string', ['01.5', '2.5', '3.5']],
  ['small numbers as Python prints them', ['1e-05', '0.1', '2.5'], 'float64', [1e-5, 0.1, 2.5]],
  ['an exponent as nobody prints it', ['1e5', '2.5', '3'], 'string', ['1e5', '2.5', '3']],
  ['not a number', ['nan', '2.5', '3'], 'string', ['nan', '2.5', '3']],
  ['infinity', ['inf', '2.5', '3'], 'string', ['inf', '2.5', '3']],
  [
    'more digits than a double holds',
    ['12345678901234567890', '1', '2'],
    'string',
    ['12345678901234567890', '1', '2'],
  ],
  ['texts', ['"a,b"', '""', ''], 'string', ['a,b', '', null]],
  ['numbers and an empty text', ['1', '""', ''], 'string', ['1', '', null]],
  ['only empty texts', ['""', '""', '""'], 'string', ['', '', '']],
  ['nothing', ['', '', ''], 'string', [null, null, null]],
  ['booleans', ['True', 'false', 'TRUE'], 'bool', [true, false, true]],
  [
    'times with a zone',
    ['2026-03-01T10:00:00+02:00', '', ''],
    'string',
    ['2026-03-01T10:00:00+02:00', null, null],
  ],
] as const;

/** As a CSV file has them: null is nothing, and a text that is empty is quoted. */
const TEXTS = ['texts', 'numbers and an empty text', 'only empty texts', 'nothing'];
const WRITTEN = ['"a,b",1,"",', '"","","",', ',,"",'];

test('a value of a column that passes through stays as it is written', async ({ history, folder }) => {
  const path = join(folder, 'spine.csv');
  const line = (values: readonly string[], start: string): string => `${start},${values.join(',')}\n`;
  const rows = [0, 1, 2].map((row) =>
    line(
      COLUMNS.map(([, values]) => values[row] as string),
      'ad-1,2026-03-10T12:00:00Z',
    ),
  );
  const header = line(
    COLUMNS.map(([name]) => name),
    'ad_id,event_timestamp',
  );
  await writeFile(path, header + rows.join(''));
  const manifest = await buildTrainingSet(
    { ...history, connections: {}, actor: 'test', clock: systemClock },
    {
      features: { kind: 'list', references: ['ad_image:brightness'] },
      spine: { kind: 'file', path, format: 'csv' },
      folder: join(folder, 'set'),
    },
    { recorded: false },
  );
  expect(manifest.spine.columns.slice(2)).toEqual(
    COLUMNS.map(([name, , type]) => ({ name, type, role: 'passed' })),
  );
  const written = await readRows(join(folder, 'set', 'rows.parquet'));
  for (const [name, , , kept] of COLUMNS) expect(written.map((row) => row[name])).toEqual(kept);
});

test('an empty text is quoted in the CSV of a set, and null is nothing, so that it can be a spine again', async ({
  history,
  folder,
}) => {
  const build = (spine: string, set: string) =>
    buildTrainingSet(
      { ...history, connections: {}, actor: 'test', clock: systemClock },
      {
        features: { kind: 'list', references: ['ad_image:brightness'] },
        spine: { kind: 'file', path: spine, format: 'csv' },
        format: 'csv',
        folder: join(folder, set),
      },
      { recorded: false },
    );
  const path = join(folder, 'spine.csv');
  const start = 'ad-1,2026-03-10T12:00:00Z';
  const header = ['ad_id,event_timestamp', ...TEXTS].join(',');
  await writeFile(path, `${header}\n${WRITTEN.map((line) => `${start},${line}\n`).join('')}`);
  await build(path, 'first');
  const written = await readFile(join(folder, 'first', 'rows.csv'), 'utf8');
  const [, ...lines] = written.trimEnd().split('\n');
  expect(lines.map((line) => line.split(',').slice(2, -1).join(','))).toEqual(WRITTEN);
  const again = join(folder, 'again.csv');
  await writeFile(again, written.replaceAll(/,[^,\n]*$/gm, ''));
  await build(again, 'second');
  expect(await readFile(join(folder, 'second', 'rows.csv'), 'utf8')).toBe(written);
});
