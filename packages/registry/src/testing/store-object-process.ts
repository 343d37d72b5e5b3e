import { createArtifactStore } from '../artifacts/artifact-store.ts';
import { createPostgresqlObjects } from '../artifacts/postgresql-objects.ts';
import { createOfflineStore } from '@larder/offline-store';
import { createLogger } from '@larder/core';

// Arguments: database URL; `half SHA256 SIZE`: stores half of an object, says so and hangs;
// `folder FOLDER CACHE`: stores and fetches a folder and prints its hash and how many bytes its memory grew at most.
const [databaseUrl = '', task, first = '', second = ''] = process.argv.slice(2);
const logger = createLogger('test', { level: 'silent' });
const store = createOfflineStore({ databaseUrl, logger });

if (task === 'half') {
  const sizeBytes = Number(second);
  await createPostgresqlObjects(store).write({
    sha256: first,
    sizeBytes,
    async *open() {
      yield Buffer.alloc(sizeBytes / 2);
      process.stdout.write('half\n');
      await new Promise((resolve) => setTimeout(resolve, 600_000));
    },
  });
} else {
  const artifacts = createArtifactStore({ store, url: null, cacheFolder: second, logger });
  await store.pool.query('select 1');
  const before = process.memoryUsage.rss();
  const sha256 = await artifacts.putFolder(first);
  const putAt = performance.now();
  await artifacts.folder(sha256);
  const grewBytes = process.resourceUsage().maxRSS * 1_024 - before;
  process.stdout.write(`${JSON.stringify({ sha256, grewBytes, fetchMs: performance.now() - putAt })}\n`);
  await store.close();
}
