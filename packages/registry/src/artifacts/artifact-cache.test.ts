import { randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashArtifact } from '@larder/features';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silent } from '../testing/registry.ts';
import { createArtifactCache, type RemoteFile } from './artifact-cache.ts';

let folder: string;
let cacheFolder: string;
let bytes: Buffer;
let sha256: string;
let fetched: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'larder-cache-'));
  cacheFolder = join(folder, 'cache');
  bytes = randomBytes(100_000);
  await mkdir(join(folder, 'original'));
  await writeFile(join(folder, 'original', 'model.onnx'), bytes);
  sha256 = await hashArtifact(join(folder, 'original'));
  fetched = 0;
});
afterEach(() => rm(folder, { recursive: true }));

async function fetchFiles(): Promise<RemoteFile[]> {
  fetched++;
  return [
    {
      path: 'model.onnx',
      async *open() {
        yield bytes;
      },
    },
  ];
}

const open = () => createArtifactCache({ folder: cacheFolder, logger: silent }).folder(sha256, fetchFiles);

test('an entry is fetched once, also by callers at once and by processes that share the folder', async () => {
  const cache = createArtifactCache({ folder: cacheFolder, logger: silent });
  const opened = await Promise.all([cache.folder(sha256, fetchFiles), cache.folder(sha256, fetchFiles)]);
  expect(fetched).toBe(1);
  expect(new Set(opened).size).toBe(1);
  await rm(cacheFolder, { recursive: true });
  const folders = await Promise.all(Array.from({ length: 5 }, open));
  for (const each of folders) expect(await hashArtifact(each)).toBe(sha256);
  const before = fetched;
  await open();
  expect(fetched).toBe(before);
  expect(await readdir(join(cacheFolder, 'tmp'))).toEqual([]);
});

test.for([
  ['a changed file', (entry: string) => replace(join(entry, 'model.onnx'), randomBytes(100_000))],
  ['a truncated file', (entry: string) => replace(join(entry, 'model.onnx'), bytes.subarray(0, 100))],
  ['a missing file', (entry: string) => rm(join(entry, 'model.onnx'))],
  ['another file', (entry: string) => writeFile(join(entry, 'other'), 'x')],
  [
    'an empty folder in its place',
    (entry: string) => rm(entry, { recursive: true }).then(() => mkdir(entry)),
  ],
  [
    'a file in its place',
    (entry: string) => rm(entry, { recursive: true }).then(() => writeFile(entry, 'x')),
  ],
  [
    'a link to a file that is changed',
    async (entry: string) => {
      await replace(join(folder, 'elsewhere'), randomBytes(10));
      await rm(join(entry, 'model.onnx'));
      await symlink(join(folder, 'elsewhere'), join(entry, 'model.onnx'));
    },
  ],
] as const)('%s is noticed and fetched again', async ([, damage]) => {
  const entry = await open();
  await damage(entry);
  expect(await open()).toBe(entry);
  expect(fetched).toBe(2);
  expect((await readFile(join(entry, 'model.onnx'))).equals(bytes)).toBe(true);
  expect(await readdir(entry)).toEqual(['model.onnx']);
});

async function replace(file: string, content: Uint8Array): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

test('entries that nobody asked for in 30 days are deleted, and unfinished ones after a day', async () => {
  const entry = await open();
  const old = async (path: string, days: number) => {
    const then = new Date(Date.now() - days * 86_400_000);
    await mkdir(path, { recursive: true });
    await utimes(path, then, then);
  };
  await old(entry, 31);
  // Asked for again: its time starts anew.
  await open();
  await old(join(cacheFolder, 'artifacts', 'unused'), 31);
  await old(join(cacheFolder, 'artifacts', 'used'), 29);
  await old(join(cacheFolder, 'tmp', 'killed'), 2);
  await old(join(cacheFolder, 'tmp', 'running'), 0);
  await createArtifactCache({ folder: cacheFolder, logger: silent })
    .folder('0'.repeat(64), fetchFiles)
    .catch(() => {});
  bytes = randomBytes(10);
  await replace(join(folder, 'original', 'model.onnx'), bytes);
  const young = await hashArtifact(join(folder, 'original'));
  await createArtifactCache({ folder: cacheFolder, logger: silent }).folder(young, fetchFiles);
  expect(new Set(await readdir(join(cacheFolder, 'artifacts')))).toEqual(new Set([sha256, young, 'used']));
  expect(await readdir(join(cacheFolder, 'tmp'))).toEqual(['running']);
});

test('a folder that cannot be written is named, with what to set', async () => {
  await writeFile(cacheFolder, 'a file');
  await expect(open()).rejects.toMatchObject({
    code: 'ARTIFACT_CACHE_UNAVAILABLE',
    message: expect.stringMatching(
      /cache cannot be written: a part of its path is a file .*LARDER_CACHE_FOLDER/,
    ),
  });
  const full = async (): Promise<RemoteFile[]> => [
    {
      path: 'model.onnx',
      // As a full disk answers.
      async *open() {
        yield bytes;
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), {
          code: 'ENOSPC',
          syscall: 'write',
        });
      },
    },
  ];
  const other = join(folder, 'other');
  await expect(
    createArtifactCache({ folder: other, logger: silent }).folder(sha256, full),
  ).rejects.toMatchObject({
    code: 'ARTIFACT_CACHE_UNAVAILABLE',
    message: expect.stringContaining('its disk is full (ENOSPC)'),
  });
  expect(await readdir(join(other, 'tmp'))).toEqual([]);
  expect(await stat(join(other, 'artifacts', sha256)).catch(() => null)).toBeNull();
});

test('an object comes without a usable disk, too', async () => {
  await writeFile(cacheFolder, 'a file');
  const object = createArtifactCache({ folder: cacheFolder, logger: silent }).object;
  const { createHash } = await import('node:crypto');
  const name = createHash('sha256').update(bytes).digest('hex');
  const fetchObject = async function* () {
    yield bytes.subarray(0, 10);
    yield bytes.subarray(10);
  };
  expect((await object(name, fetchObject)).equals(bytes)).toBe(true);
});
