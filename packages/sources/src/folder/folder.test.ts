import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SourceScope } from '../source-bounds.ts';
import { openFolderSource } from './open.ts';
import { scanRows } from '../scan-rows.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'larder-folder-'));
  const pictures = join(root, 'pictures');
  await mkdir(join(pictures, 'shoes', '.cache'), { recursive: true });
  for (const [name, day] of [
    ['b.jpg', 2],
    ['a.JPG', 1],
    ['shoes/red.png', 3],
    ['shoes/.cache/red.png', 3],
    ['.hidden.jpg', 3],
    ['notes.txt', 3],
  ] as const) {
    await writeFile(join(pictures, name), name);
    await utimes(join(pictures, name), 0, Date.UTC(2026, 0, day) / 1_000);
  }
  await writeFile(join(root, 'secret.jpg'), 'outside');
  await symlink(join(root, 'secret.jpg'), join(pictures, 'link.jpg'));
  await symlink(root, join(pictures, 'outside'));
  await symlink(join(pictures, 'shoes'), join(pictures, 'boots'));
});
afterAll(() => rm(root, { recursive: true }));

const open = (folder = 'pictures') =>
  openFolderSource(
    {
      kind: 'folder',
      folder,
      key_column: 'picture_id',
      extensions: ['.jpg', '.png'],
      event_timestamp_column: 'event_timestamp',
      created_timestamp_column: null,
    },
    { root },
  );
const { signal } = new AbortController();

async function read(scope: SourceScope, options: { chunkRows?: number; limit?: number } = {}) {
  const source = open();
  const chunks = await source.plan(
    { scope, chunkRows: options.chunkRows ?? 2, limit: options.limit ?? null },
    signal,
  );
  const rows = await Promise.all(chunks.map(({ bounds }) => scanRows(source, bounds, signal)));
  expect(rows.map(({ length }) => length)).toEqual(chunks.map(({ rows: counted }) => counted));
  return rows.map((chunk) => chunk.map((row) => row['picture_id']));
}

test('every file once, by key, without hidden ones, links and other extensions', async () => {
  expect(await read({ kind: 'all' })).toEqual([['a.JPG', 'b.jpg'], ['shoes/red.png']]);
  expect(await read({ kind: 'all' }, { limit: 1 })).toEqual([['a.JPG']]);
});

test('files changed in a range of time', async () => {
  const range = { from: '2026-01-02T00:00:00Z', to: '2026-01-03T00:00:00Z' };
  expect(await read({ kind: 'event_time', range })).toEqual([['b.jpg']]);
});

test('a row says where the file is, how large, and when it changed', async () => {
  expect(await open().lookup([['shoes/red.png']], signal)).toEqual([
    {
      picture_id: 'shoes/red.png',
      path: join(root, 'pictures/shoes/red.png'),
      size_bytes: 13,
      event_timestamp: new Date('2026-01-03T00:00:00Z'),
    },
  ]);
});

test.each([
  '../secret.jpg',
  'shoes/../../secret.jpg',
  'shoes/../a.JPG',
  '/etc/a.jpg',
  'link.jpg',
  'outside/secret.jpg',
  'boots/red.png',
  'shoes//red.png',
  'b.jpg/',
  '',
  'no.jpg',
])('the key %j leads to no file', async (key) => {
  expect(await open().lookup([[key]], signal)).toEqual([]);
});

test('a missing folder is reported', async () => {
  const planning = open('photos').plan({ scope: { kind: 'all' }, chunkRows: 2, limit: null }, signal);
  await expect(planning).rejects.toThrow(/photos does not exist/);
  await expect(planning).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
});
