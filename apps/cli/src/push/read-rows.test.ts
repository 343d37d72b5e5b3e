import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRows } from './read-rows.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-push-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function file(text: string): Promise<string> {
  const path = join(folder, 'rows');
  await writeFile(path, text);
  return path;
}

test.each([
  ['[{"ad_id":"a"},{"ad_id":"b"}]'],
  ['{"ad_id":"a"}\n{"ad_id":"b"}\n'],
  ['\n{"ad_id":"a"}\r\n\r\n{"ad_id":"b"}'],
])('reads %j', async (text) => {
  expect(await readRows(await file(text))).toEqual([{ ad_id: 'a' }, { ad_id: 'b' }]);
});

test.each([
  ['{"ad_id":"a"}\n{ad_id', /line 2 is not valid JSON/],
  ['{"ad_id":"a"}\n7', /line 2 is not an object/],
  ['[{"ad_id":"a"},7]', /item 1 is not an object/],
  ['[', /not valid JSON/],
  ['', /has no rows/],
])('refuses %j', async (text, message) => {
  await expect(readRows(await file(text))).rejects.toThrow(message);
});

test('refuses a file that is not there', async () => {
  await expect(readRows(join(folder, 'none'))).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});
