import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSources, folderSource } from '@larder/sources';
import { afterAll, beforeAll, expect } from 'vitest';
import { test, type Shop } from '../../fixtures/shop.ts';
import { prepareChunk } from './prepare-chunk.ts';
import type { PreparedRow } from './prepare-rows.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'larder-moved-'));
  await mkdir(join(root, 'shop/texts'), { recursive: true });
  await writeFile(join(root, 'shop/texts/a.txt'), 'one');
  await cp(join(root, 'shop'), join(root, 'shop2'), { recursive: true, preserveTimestamps: true });
});
afterAll(() => rm(root, { recursive: true }));

/** The one row of `texts/a.txt`, as a worker sees it whose project is in this folder. */
async function rowSeenFrom(shop: Shop, folder: string): Promise<PreparedRow> {
  const entity = shop.project.manifest.entities['ad'];
  if (entity === undefined) throw new Error('The fixture has no such entity.');
  const source = folderSource({ folder: 'texts', key: 'ad_id' }).manifest;
  const manifest = { ...shop.view('ad_words@1'), source };
  const sources = createSources({ root: join(root, folder), connections: {}, maxConnections: 1 });
  const keys = [['a.txt']];
  const rows = await (await sources.open(manifest, entity)).lookup(keys, new AbortController().signal);
  expect(rows).toMatchObject([{ path: join(root, folder, 'texts/a.txt') }]);
  const prepared = await prepareChunk(rows, {
    store: shop.store,
    views: { project: shop.project.manifest, eventTimes: () => shop.project.manifest },
    clock: { nowMs: () => Date.now() },
    view: { ref: 'ad_words@1', manifest, entity, definition: '' },
    chunk: {
      runId: '',
      chunkId: 1,
      attempt: 1,
      view: 'ad_words',
      version: 1,
      fingerprint: manifest.fingerprint,
      revision: 1,
      traceparent: null,
      runCreatedAt: new Date(),
      force: false,
      onlyMissing: false,
      recordsKeys: false,
      mayReappear: false,
      bounds: { kind: 'keys', keys },
      retryOf: null,
      failures: 0,
      brokenBy: null,
    },
  });
  await sources.close();
  expect(prepared.rows).toHaveLength(1);
  return prepared.rows[0] as PreparedRow;
}

test('a file is the same input wherever the project lies, and computed from where it is', async ({
  shop,
}) => {
  const [here, there] = [await rowSeenFrom(shop, 'shop'), await rowSeenFrom(shop, 'shop2')];
  expect(there.inputHash).toBe(here.inputHash);
  expect(there.eventTimestampMs).toBe(here.eventTimestampMs);
  expect(there.source['path']).not.toBe(here.source['path']);
  await writeFile(join(root, 'shop2/texts/a.txt'), 'one more');
  expect((await rowSeenFrom(shop, 'shop2')).inputHash).not.toBe(here.inputHash);
});
