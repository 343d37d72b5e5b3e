import type { StoreTransaction } from '@larder/offline-store';

/** Bytes that may be larger than memory, by their hash. */
export interface NewObject {
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Called once for each attempt at storing it. */
  open(): AsyncIterable<Uint8Array>;
}

/** Where the bytes of objects are. `larder.objects` says which objects there are: a row without its bytes is never visible. */
export interface ObjectBackend {
  /** Stores the bytes, in the place of damaged ones, and commits the object's row; of concurrent callers with one hash, one stores and the others wait. */
  write(object: NewObject): Promise<void>;
  /** In order. @throws ARTIFACT_NOT_FOUND when bytes are missing, also in the middle */
  read(object: Pick<NewObject, 'sha256' | 'sizeBytes'>): AsyncIterable<Buffer>;
  /** Deletes the bytes after the row's deletion was committed, unless the object was stored again since. */
  deleteBytes(sha256: string): Promise<void>;
}

/** Taken in a transaction by whoever stores or deletes the bytes of an object. @returns false when another process has it */
export async function tryLockObject(
  { client }: Pick<StoreTransaction, 'client'>,
  sha256: string,
): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    `select pg_try_advisory_xact_lock(hashtextextended('larder:object:' || $1, 0)) as locked`,
    [sha256],
  );
  return rows[0]?.locked === true;
}
