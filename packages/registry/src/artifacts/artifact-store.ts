import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { LarderError, type Logger } from '@larder/core';
import { describeArtifact, hashArtifact } from '@larder/features';
import type { OfflineStore } from '@larder/offline-store';
import { sql } from 'kysely';
import { createArtifactCache } from './artifact-cache.ts';
import type { NewObject, ObjectBackend } from './object-backend.ts';
import { createPostgresqlObjects } from './postgresql-objects.ts';
import { createS3Objects, notConfigured } from './s3-objects.ts';
import { touchArtifacts, touchObjects, type StoredFile } from './touch-artifacts.ts';
import { wholeObjects } from './whole-objects.ts';

export interface ArtifactStoreOptions {
  readonly store: OfflineStore;
  /** Where new objects go: `s3://…`; null: PostgreSQL. */
  readonly url: string | null;
  /** Local copies, which any number of processes of the machine share. */
  readonly cacheFolder: string;
  readonly logger: Logger;
}

/**
 * Folders and bytes by their hash, kept for as long as the registry refers to them. Reading verifies: what comes out has
 * the hash that was asked for. Everything is idempotent, and any number of processes may store the same content at once.
 * Every method throws DATABASE_UNAVAILABLE or ARTIFACT_STORE_UNAVAILABLE when that is the reason.
 */
export interface ArtifactStore {
  /** @returns the SHA-256 (hex) of the bytes */
  put(bytes: Uint8Array): Promise<string>;
  /** @throws ARTIFACT_NOT_FOUND */
  get(sha256: string): Promise<Buffer>;
  /** Bytes that may be larger than memory, in order; not verified. @throws ARTIFACT_NOT_FOUND, also in the middle */
  read(sha256: string): AsyncIterable<Buffer>;
  /** Stores such bytes. @throws ARTIFACT_INVALID when they are not those of the hash */
  write(object: NewObject): Promise<void>;
  /**
   * Stores a folder; of one that is there only the time of use changes, and what was damaged is replaced.
   * @returns `hashArtifact` of what was stored
   * @throws ARTIFACT_INVALID when a file changes while it is stored; the file system's error when it cannot be read
   */
  putFolder(folder: string): Promise<string>;
  /**
   * A local folder with exactly this artifact, from the cache or fetched. Read-only: other processes use the same folder.
   * @throws ARTIFACT_NOT_FOUND, ARTIFACT_CACHE_UNAVAILABLE
   */
  folder(sha256: string): Promise<string>;
  /** Which of these artifacts and objects the store has, undamaged. */
  has(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  close(): Promise<void>;
}

export function createArtifactStore(options: ArtifactStoreOptions): ArtifactStore {
  const { store, logger } = options;
  const backends = {
    postgresql: createPostgresqlObjects(store),
    s3: options.url === null ? null : createS3Objects(store, options.url),
  };
  const newest: ObjectBackend = backends.s3 ?? backends.postgresql;
  const cache = createArtifactCache({ folder: options.cacheFolder, logger });

  async function putObject(object: NewObject): Promise<void> {
    const known = await touchObjects(store, [object.sha256]);
    if (!(await wholeObjects(store, known)).has(object.sha256)) await newest.write(object);
  }

  async function* readObject(sha256: string): AsyncGenerator<Buffer> {
    const row = await store.db
      .selectFrom('larder.objects')
      .select(['size_bytes', 'backend'])
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    if (row === undefined) throw notFound('object', sha256);
    const backend = backends[row.backend];
    if (backend === null) throw notConfigured(sha256);
    yield* backend.read({ sha256, sizeBytes: row.size_bytes });
  }

  return {
    async put(bytes) {
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      await putObject({ sha256, sizeBytes: bytes.length, open: () => inMemory(bytes) });
      return sha256;
    },
    read: readObject,
    write: putObject,
    get: (sha256) => cache.object(sha256, () => readObject(sha256)),
    async putFolder(folder) {
      const known = await touchArtifacts(store, [await hashArtifact(folder)]);
      for (const [sha256, files] of known) {
        const objects = files.map((file) => file.sha256);
        const whole = await wholeObjects(store, objects);
        if (objects.every((object) => whole.has(object))) return sha256;
      }
      const { sha256, files } = await describeArtifact(folder);
      const stored: StoredFile[] = files.map((file) => ({
        path: file.path,
        size_bytes: file.sizeBytes,
        sha256: file.sha256,
      }));
      do {
        for (const file of files)
          await putObject({ ...file, open: () => createReadStream(join(folder, file.path)) });
      } while (!(await commitArtifact(store, sha256, stored)));
      return sha256;
    },
    folder: (sha256) =>
      cache.folder(sha256, async () => {
        const row = await store.db
          .selectFrom('larder.artifacts')
          .select('files')
          .where('sha256', '=', sha256)
          .executeTakeFirst();
        if (row === undefined) throw notFound('artifact', sha256);
        return (row.files as StoredFile[]).map((file) => ({
          path: file.path,
          open: () => readObject(file.sha256),
        }));
      }),
    async has(sha256s) {
      const rows = await store.db
        .selectFrom('larder.artifacts')
        .select(['sha256', 'files'])
        .where((eb) => eb('sha256', '=', eb.fn.any(eb.val([...sha256s]))))
        .execute();
      const artifacts = rows.map(({ sha256, files }) => ({
        sha256,
        objects: (files as StoredFile[]).map((file) => file.sha256),
      }));
      const whole = await wholeObjects(store, [...sha256s, ...artifacts.flatMap(({ objects }) => objects)]);
      const asked = new Set(sha256s);
      return new Set([
        ...artifacts
          .filter(({ objects }) => objects.every((object) => whole.has(object)))
          .map(({ sha256 }) => sha256),
        ...[...whole].filter((object) => asked.has(object)),
      ]);
    },
    async close() {},
  };
}

/** @returns false when an object was collected since it was stored: store it again */
async function commitArtifact(
  store: OfflineStore,
  sha256: string,
  files: readonly StoredFile[],
): Promise<boolean> {
  try {
    await store.transaction(async ({ db }) => {
      // The folder first, then its objects, as everywhere: two transactions never wait for each other.
      await db
        .insertInto('larder.artifacts')
        .values({ sha256, files: JSON.stringify(files) })
        .onConflict((conflict) =>
          conflict.column('sha256').doUpdateSet({ touched_at: sql`clock_timestamp()` }),
        )
        .execute();
      const objects = new Set(files.map((file) => file.sha256));
      if ((await touchObjects({ db }, [...objects])).length < objects.size) throw new ObjectCollected();
    });
    return true;
  } catch (error) {
    if (error instanceof ObjectCollected) return false;
    throw error;
  }
}

/** Rolls back a folder of which an object is missing. */
class ObjectCollected extends Error {}

async function* inMemory(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function notFound(what: 'artifact' | 'object', sha256: string): LarderError {
  return new LarderError(
    'ARTIFACT_NOT_FOUND',
    `The artifact store has no ${what} ${sha256}. Apply a project that has it: larder apply.`,
  );
}
