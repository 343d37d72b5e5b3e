import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startS3Server } from '../testing/s3-server.ts';
import { openReceipts } from './open-receipts.ts';

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'larder-receipts-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function newBucket() {
  const server = await startS3Server(join(await newFolder(), 'server'));
  onTestFinished(() => server.stop());
  return server;
}

async function namesOf(url: string, project: string): Promise<string[]> {
  const names: string[] = [];
  for await (const name of openReceipts(url).names(project)) names.push(name);
  return names.toSorted();
}

test.for([
  ['folder', newFolder],
  ['bucket', async () => (await newBucket()).url],
] as const)('in a %s, objects of a project are listed, and one is written once', async ([, newPlace]) => {
  const url = await newPlace();
  const place = openReceipts(url);
  expect(await namesOf(url, 'shop')).toEqual([]);
  await place.check('shop');
  await Promise.all(['b.json', 'a b.json', 'b.json'].map((name) => place.write('shop', name, 'text')));
  await place.write('shop_two', 'c.json', 'text');
  await place.check('shop');
  expect(await namesOf(url, 'shop')).toEqual(['a b.json', 'b.json']);
  expect(await namesOf(url, 'shop_two')).toEqual(['c.json']);
});

test('a bucket is listed beyond its first page', async () => {
  const { url } = await newBucket();
  const place = openReceipts(url);
  const names = Array.from({ length: 1_050 }, (_, n) => `${String(n).padStart(5, '0')}.json`);
  for (let from = 0; from < names.length; from += 50)
    await Promise.all(names.slice(from, from + 50).map((name) => place.write('shop', name, '')));
  expect(await namesOf(url, 'shop')).toEqual(names);
});

test('what lies in a folder under the name is neither replaced nor followed', async () => {
  const folder = await newFolder();
  const other = join(await newFolder(), 'precious');
  await writeFile(other, 'precious');
  await mkdir(join(folder, 'shop'));
  await symlink(other, join(folder, 'shop', 'a.json'));
  await openReceipts(folder).write('shop', 'a.json', 'text');
  expect(await readFile(other, 'utf8')).toBe('precious');
});

test('a folder that is not there is not created: its disk is not mounted', async () => {
  const folder = await newFolder();
  const missing = join(folder, 'mount');
  const place = openReceipts(missing);
  for (const work of [
    () => place.write('shop', 'a.json', ''),
    () => namesOf(missing, 'shop'),
    () => place.check('shop'),
  ])
    await expect(work()).rejects.toMatchObject({
      code: 'RECEIPTS_UNAVAILABLE',
      message: expect.stringMatching(/mount \(LARDER_RECEIPTS_URL\): it does not exist/),
    });
  expect(await readdir(folder)).toEqual([]);
});

test('a bucket that is away, or refuses, is named with the setting and without the key', async () => {
  const { url: there, endpoint } = await newBucket();
  for (const [url, reason] of [
    [there.replace(endpoint, 'http://127.0.0.1:1'), 'does not answer'],
    [there.replace('@larder/', '@nowhere/'), 'NoSuchBucket'],
  ] as const)
    for (const work of [
      () => openReceipts(url).write('shop', 'a.json', ''),
      () => openReceipts(url).check('shop'),
    ])
      await expect(work()).rejects.toMatchObject({
        code: 'RECEIPTS_UNAVAILABLE',
        message: expect.toSatisfy(
          (text: string) =>
            text.includes(reason) && text.includes('LARDER_RECEIPTS_URL') && !text.includes('S3RVER'),
        ),
      });
});

test('whatever else answers in its place does not pass for an empty bucket', async () => {
  const server = createServer((_, response) => response.end('<html>welcome</html>')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((listening) => server.once('listening', listening));
  const { port } = server.address() as AddressInfo;
  await expect(namesOf(`s3://k:s@bucket?endpoint=http://127.0.0.1:${port}`, 'shop')).rejects.toMatchObject({
    code: 'RECEIPTS_UNAVAILABLE',
  });
});
