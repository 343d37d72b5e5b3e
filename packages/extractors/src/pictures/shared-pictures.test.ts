import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSharedPictures, type SharedPictures } from './shared-pictures.ts';

let folder: string;
let fetched: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'larder-shared-'));
  fetched = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const { signal } = new AbortController();
const open = (reader: string, limits: { lifeMs?: number; maxBytes?: number } = {}): SharedPictures =>
  openSharedPictures({ reader, folder, ...limits });
const fetching = (text: string) => async (): Promise<Buffer> => {
  fetched.push(text);
  return Buffer.from(text);
};
const get = async (pictures: SharedPictures, text: string): Promise<string> =>
  (await pictures.get('address', fetching(text), signal)).toString();

test('another computation takes what the first one fetched', async () => {
  expect(await get(open('image'), 'bytes')).toBe('bytes');
  expect(await get(open('text'), 'not asked for')).toBe('bytes');
  expect(await get(open('sentiment'), 'not asked for')).toBe('bytes');
  expect(fetched).toEqual(['bytes']);
});

test('who asks a second time gets the picture anew, and so do the others', async () => {
  const [image, text] = [open('image'), open('text')];
  await get(image, 'first');
  await get(text, '');
  expect(await get(image, 'second')).toBe('second');
  expect(await get(text, '')).toBe('second');
  expect(await get(text, 'third')).toBe('third');
  expect(fetched).toEqual(['first', 'second', 'third']);
});

test('of those who ask at the same time one fetches', async () => {
  const all = await Promise.all(['a', 'b', 'c', 'd'].map((reader) => get(open(reader), 'bytes')));
  expect(all).toEqual(['bytes', 'bytes', 'bytes', 'bytes']);
  expect(fetched).toHaveLength(1);
});

test('a fetch that fails concerns its caller alone', async () => {
  const failing = open('image').get('address', () => Promise.reject(new Error('404')), signal);
  await expect(failing).rejects.toThrow('404');
  expect(await get(open('text'), 'bytes')).toBe('bytes');
});

test('what is too old is fetched again and swept', async () => {
  await get(open('image'), 'old');
  const before = new Date(Date.now() - 60_000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), before, before);
  expect(await get(open('text', { lifeMs: 30_000 }), 'new')).toBe('new');
  open('image', { lifeMs: -1_000 });
  expect(readdirSync(folder)).toEqual([]);
});

test('the folder stays within its bytes', async () => {
  const image = open('image', { maxBytes: 40_000 });
  for (let at = 0; at < 60; at++) await image.get(`${at}`, async () => Buffer.alloc(5_000), signal);
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect(bytes).toBeLessThanOrEqual(40_000 * 1.5);
});

test('pictures of a few bytes do not become files without end', async () => {
  const image = open('image', { maxBytes: 40_000 });
  for (let at = 0; at < 60; at++) await image.get(`${at}`, async () => Buffer.from('GIF'), signal);
  expect(readdirSync(folder).length).toBeLessThanOrEqual(15);
});

test('a shorter picture replaces a longer one, and what is half-written is fetched again', async () => {
  const [image, text] = [open('image'), open('text')];
  await get(image, 'a long picture');
  await get(image, 'short');
  expect(await get(text, '')).toBe('short');
  expect(await get(text, 'a long picture')).toBe('a long picture');
  const [file] = readdirSync(folder).filter((name) => !name.includes('.')) as [string];
  truncateSync(join(folder, file), statSync(join(folder, file)).size - 1);
  expect(await get(image, 'cut off')).toBe('cut off');
  const bytes = readFileSync(join(folder, file));
  bytes[bytes.length - 1] = 0;
  writeFileSync(join(folder, file), bytes);
  expect(await get(text, 'torn')).toBe('torn');
});

test('a lock that a killed process left is not waited for', async () => {
  const image = open('image');
  await get(image, 'bytes');
  const [file] = readdirSync(folder) as [string];
  const lock = join(folder, `${file}.lock`);
  writeFileSync(lock, '');
  utimesSync(lock, new Date(0), new Date(0));
  expect(await get(open('text'), '')).toBe('bytes');
});

test('waiting ends with the signal', async () => {
  const image = open('image');
  await get(image, 'bytes');
  const [file] = readdirSync(folder) as [string];
  writeFileSync(join(folder, `${file}.lock`), '');
  await expect(image.get('address', fetching(''), AbortSignal.abort())).rejects.toThrow('abort');
});

test("somebody else's folder is not used", async () => {
  const target = mkdtempSync(join(tmpdir(), 'larder-shared-'));
  rmSync(folder, { recursive: true });
  symlinkSync(target, folder);
  expect(await get(open('image'), 'bytes')).toBe('bytes');
  expect(await get(open('text'), 'again')).toBe('again');
  expect(readdirSync(target)).toEqual([]);
  rmSync(target, { recursive: true });
});
