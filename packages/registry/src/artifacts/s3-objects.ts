import { setTimeout as delay } from 'node:timers/promises';
import { LarderError } from '@larder/core';
import { limitSilence, type OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { tryLockObject, type NewObject, type ObjectBackend } from './object-backend.ts';
import { objectParts } from './object-parts.ts';
import { createS3Bucket } from './s3-bucket.ts';

/** Time for a HEAD inside a transaction. */
const SILENCE_MS = 60_000;
const RETRY_MS = 100;

/**
 * Objects in a bucket, under their hashes. The bytes come first, then the row: a killed upload leaves at most bytes that
 * nobody refers to. Deleting takes the same lock and looks for the row, so that no row is committed whose bytes it deletes.
 */
export function createS3Objects(store: OfflineStore, url: string): ObjectBackend {
  const bucket = createS3Bucket(url);

  /** @returns null while another process has the lock */
  function withLock<T>(sha256: string, work: (db: OfflineStore['db']) => Promise<T>): Promise<T | null> {
    return store.transaction(async (tx) => {
      await limitSilence(tx, SILENCE_MS);
      return (await tryLockObject(tx, sha256)) ? work(tx.db) : null;
    });
  }

  return {
    async write(object) {
      for (;;) {
        await bucket.put(object.sha256, { ...object, open: () => copies(object) });
        const committed = await withLock(object.sha256, async (db) => {
          // Another process may have deleted the bytes since.
          if (!(await bucket.has(object.sha256))) return false;
          await db
            .insertInto('larder.objects')
            .values({ sha256: object.sha256, size_bytes: object.sizeBytes, backend: 's3' })
            .onConflict((conflict) =>
              conflict.column('sha256').doUpdateSet({
                size_bytes: object.sizeBytes,
                backend: 's3',
                touched_at: sql`clock_timestamp()`,
              }),
            )
            .execute();
          return true;
        });
        if (committed === true) return;
        await delay(RETRY_MS);
      }
    },
    read: ({ sha256 }) => bucket.get(sha256),
    async deleteBytes(sha256) {
      await withLock(sha256, async (db) => {
        const row = await db
          .selectFrom('larder.objects')
          .select('sha256')
          .where('sha256', '=', sha256)
          .executeTakeFirst();
        if (row === undefined) await bucket.delete(sha256);
        return true;
      });
    },
  };
}

/** The parts, each in a buffer of its own: a request keeps several. */
async function* copies(object: NewObject): AsyncGenerator<Uint8Array> {
  for await (const part of objectParts(object)) yield Buffer.from(part);
}

/** For objects of a bucket that this process has no address of. */
export function notConfigured(sha256: string): LarderError {
  return new LarderError(
    'ARTIFACT_STORE_UNAVAILABLE',
    `Object ${sha256} is in an S3-compatible store, and LARDER_ARTIFACTS_URL is not set in this process. Set it to the address that larder apply used.`,
  );
}
