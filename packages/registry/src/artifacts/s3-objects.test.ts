import { createHash, randomBytes } from 'node:crypto';
import { globSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashArtifact } from '@larder/features';
import { expect } from 'vitest';
import { collectArtifacts, createArtifactStore } from '../index.ts';
import { silent, test as base } from '../testing/registry.ts';
import { startS3Server, type S3Server } from '../testing/s3-server.ts';

const test = base.extend<{ folder: string; s3: S3Server }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'larder-s3-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  s3: async ({ folder }, use) => {
    const server = await startS3Server(join(folder, 'server'));
    await use(server);
    await server.stop();
  },
});

const sha256Of = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function writeArtifact(folder: string): Promise<string> {
  const artifact = join(folder, 'model');
  await mkdir(artifact);
  await writeFile(join(artifact, 'model.onnx'), randomBytes(3.5 * 2 ** 20));
  await writeFile(join(artifact, 'empty'), '');
  return artifact;
}

test('folders are in the bucket, and come back on a machine with the same setting', async ({
  store,
  folder,
  s3,
}) => {
  const openStore = (url: string | null, cache: string) =>
    createArtifactStore({ store, url, cacheFolder: join(folder, cache), logger: silent });
  const artifact = await writeArtifact(folder);
  const hash = await openStore(s3.url, 'one').putFolder(artifact);
  expect(hash).toBe(await hashArtifact(artifact));
  const inPostgres = await openStore(null, 'one').put(randomBytes(10));
  expect(await openStore(s3.url, 'one').putFolder(artifact)).toBe(hash);
  const parts = await store.pool.query('select sha256 from larder.object_parts');
  expect(parts.rows).toEqual([{ sha256: inPostgres }]);
  const keys = () => globSync('server/larder/team/models/*_object', { cwd: folder });
  expect(keys()).toHaveLength(2);

  const other = openStore(s3.url, 'two');
  expect(await hashArtifact(await other.folder(hash))).toBe(hash);
  expect(await other.get(inPostgres)).toHaveLength(10);
  await expect(openStore(null, 'three').folder(hash)).rejects.toMatchObject({
    code: 'ARTIFACT_STORE_UNAVAILABLE',
    message: expect.stringContaining('LARDER_ARTIFACTS_URL is not set'),
  });

  await collectArtifacts(store, { project: 'nobody', versionsKept: 1, graceMs: 0, url: s3.url });
  expect(keys()).toEqual([]);
  await expect(openStore(s3.url, 'four').folder(hash)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
  await openStore(s3.url, 'four').putFolder(artifact);
  expect(await hashArtifact(await openStore(s3.url, 'four').folder(hash))).toBe(hash);
});

test('uploaders at once and a collector do not lose an object', async ({ store, folder, s3 }) => {
  const bytes = randomBytes(100_000);
  const stores = Array.from({ length: 3 }, (_, at) =>
    createArtifactStore({ store, url: s3.url, cacheFolder: join(folder, `cache-${at}`), logger: silent }),
  );
  const collect = () =>
    collectArtifacts(store, { project: 'nobody', versionsKept: 1, graceMs: 0, url: s3.url });
  for (let round = 0; round < 5; round++) {
    await Promise.all([...stores.map((artifacts) => artifacts.put(bytes)), collect(), collect()]);
    // Whatever the collectors did: a row means that its bytes are there.
    const known = await stores[0]?.has([sha256Of(bytes)]);
    if (known?.size === 0) continue;
    const fresh = createArtifactStore({
      store,
      url: s3.url,
      cacheFolder: join(folder, `fresh-${round}`),
      logger: silent,
    });
    expect((await fresh.get(sha256Of(bytes))).equals(bytes)).toBe(true);
  }
});

test('what is wrong with the store is said without its secret', async ({ store, folder, s3 }) => {
  const put = (url: string) =>
    createArtifactStore({ store, url, cacheFolder: join(folder, 'cache'), logger: silent }).put(
      randomBytes(10),
    );
  const problemOf = (url: string) => put(url).catch((error: unknown) => error);
  expect(await problemOf(s3.url.replace(':S3RVER@', ':s3cret@'))).toMatchObject({
    code: 'ARTIFACT_STORE_UNAVAILABLE',
    message: expect.stringMatching(/^(?!.*s3cret).*bucket larder \(403, SignatureDoesNotMatch\)/),
  });
  expect(await problemOf(s3.url.replace('@larder', '@elsewhere'))).toMatchObject({
    code: 'ARTIFACT_STORE_UNAVAILABLE',
    message: expect.stringContaining('404, NoSuchBucket'),
  });
  const free = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => free.once('listening', resolve));
  const { port } = free.address() as { port: number };
  await new Promise((resolve) => free.close(resolve));
  expect(await problemOf(`s3://K:s3cret@larder?endpoint=http://127.0.0.1:${port}`)).toMatchObject({
    code: 'ARTIFACT_STORE_UNAVAILABLE',
    message: expect.stringMatching(/^(?!.*s3cret).*does not answer: connect ECONNREFUSED/),
  });
  expect(
    (await store.pool.query(`select 1 from larder.objects where backend = 's3' and size_bytes = 10`))
      .rowCount,
  ).toBe(0);
});
