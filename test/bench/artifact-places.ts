import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createLogger } from '@larder/core';
import { hashArtifact } from '@larder/features';
import { openStateFolder, removeStateFolder, startEmbeddedPostgres } from '@larder/infra';
import { createOfflineStore, migrate } from '@larder/offline-store';
import { createArtifactStore } from '@larder/registry';
import { median } from './row.ts';

// docs/adr/0008-artifacts-in-postgresql.md: an artifact of 100 MiB into the store and back, beside plain statements and a
// copied file. Usage: node test/bench/artifact-places.ts

const PARTS = 100;
const PART_BYTES = 2 ** 20;
const ROUNDS = 5;

const state = openStateFolder(resolve(import.meta.dirname, '../..'), `bench-${process.pid}`);
const postgres = await startEmbeddedPostgres(state);
await postgres.createDatabase('artifacts');
const logger = createLogger('bench', { level: 'error' });
const store = createOfflineStore({ databaseUrl: postgres.url('artifacts'), logger });
await migrate(store);
await store.pool.query('create table floor (n integer primary key, bytes bytea)');
await store.pool.query('alter table floor alter bytes set storage external');
const folder = await mkdtemp(join(tmpdir(), 'larder-artifact-places-'));
const took = new Map<string, number[]>();

async function time(what: string, work: () => Promise<unknown>): Promise<void> {
  const startMs = performance.now();
  await work();
  took.set(what, [...(took.get(what) ?? []), performance.now() - startMs]);
}

async function insertPlainly(bytes: Buffer): Promise<void> {
  await store.transaction(async ({ client }) => {
    for (let part = 0; part < PARTS; part++)
      await client.query('insert into floor values ($1, $2)', [
        part,
        bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES),
      ]);
  });
}

async function selectPlainly(): Promise<void> {
  for (let part = 0; part < PARTS; part++)
    await store.pool.query('select bytes from floor where n = $1', [part]);
}

for (let round = 0; round < ROUNDS; round++) {
  const artifact = join(folder, `artifact-${round}`);
  const bytes = randomBytes(PARTS * PART_BYTES);
  await mkdir(artifact);
  await writeFile(join(artifact, 'model.onnx'), bytes);
  const cacheFolder = join(folder, `cache-${round}`);
  const artifacts = createArtifactStore({ store, url: null, cacheFolder, logger });
  let sha256 = '';
  await time('copy the file', () => copyFile(join(artifact, 'model.onnx'), join(folder, 'copy')));
  await time('hash it', () => hashArtifact(artifact));
  await time('insert 100 parts', () => insertPlainly(bytes));
  await time('store', async () => (sha256 = await artifacts.putFolder(artifact)));
  await time('store again', () => artifacts.putFolder(artifact));
  await time('select 100 parts', selectPlainly);
  await time('fetch', () => artifacts.folder(sha256));
  await time('open the local copy', () => artifacts.folder(sha256));
  await store.pool.query('truncate floor');
}
for (const [what, runsMs] of took) process.stdout.write(`${what}: ${Math.round(median(runsMs))} ms\n`);
await rm(folder, { recursive: true });
await store.close();
await postgres.stop();
removeStateFolder(state);
