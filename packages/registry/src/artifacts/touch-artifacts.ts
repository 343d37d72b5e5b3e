import { LarderError } from '@larder/core';
import type { StoreTransaction } from '@larder/offline-store';
import { sql } from 'kysely';
import type { RegistryStore } from '../registry-store.ts';

/** Hashes of what a transaction commits a reference to. */
export interface KeptArtifacts {
  /** Folders: `artifact_sha256` of models, artifacts of computations. */
  readonly artifacts?: readonly string[];
  /** Bundles and sources of code. */
  readonly objects?: readonly string[];
}

/**
 * Call this in the transaction that commits references to artifacts and objects: they were stored before it, perhaps long
 * before it, and may have been collected since. Until the transaction ends, nothing of them is collected.
 * @throws ARTIFACT_NOT_FOUND when something is missing: roll back, store it again and retry
 */
export async function keepArtifactsIn(
  tx: Pick<StoreTransaction, 'db'>,
  { artifacts = [], objects = [] }: KeptArtifacts,
): Promise<void> {
  const kept = await touchArtifacts(tx, artifacts);
  const known = new Set(await touchObjects(tx, objects));
  const missing = [
    ...artifacts.filter((sha256) => !kept.has(sha256)),
    ...objects.filter((sha256) => !known.has(sha256)),
  ];
  if (missing.length > 0)
    throw new LarderError(
      'ARTIFACT_NOT_FOUND',
      `The artifact store no longer has ${missing.join(', ')}. Apply again: it uploads what is missing.`,
    );
}

/** Marks artifacts as used now, with the objects of their files. @returns those that are complete in the store */
export async function touchArtifacts(
  store: RegistryStore,
  sha256s: readonly string[],
): Promise<Map<string, readonly StoredFile[]>> {
  if (sha256s.length === 0) return new Map();
  const { rows } = await sql<{ sha256: string; files: readonly StoredFile[] }>`
    with locked as materialized (
      select sha256 from larder.artifacts where sha256 = any (${sha256s}) order by sha256 for no key update
    )
    update larder.artifacts a set touched_at = clock_timestamp() from locked l where a.sha256 = l.sha256
    returning a.sha256, a.files`.execute(store.db);
  const present = new Set(
    await touchObjects(
      store,
      rows.flatMap(({ files }) => files.map((file) => file.sha256)),
    ),
  );
  return new Map(
    rows
      .filter(({ files }) => files.every((file) => present.has(file.sha256)))
      .map(({ sha256, files }) => [sha256, files]),
  );
}

/** Marks objects as used now. @returns those that are in the store */
export async function touchObjects(store: RegistryStore, sha256s: readonly string[]): Promise<string[]> {
  if (sha256s.length === 0) return [];
  // In the order of their hashes: two transactions that touch the same rows never wait for each other.
  const { rows } = await sql<{ sha256: string }>`
    with locked as materialized (
      select sha256 from larder.objects where sha256 = any (${sha256s}) order by sha256 for no key update
    )
    update larder.objects o set touched_at = clock_timestamp() from locked l where o.sha256 = l.sha256
    returning o.sha256`.execute(store.db);
  return rows.map(({ sha256 }) => sha256);
}

/** One file of `larder.artifacts.files`. */
export interface StoredFile {
  readonly path: string;
  readonly size_bytes: number;
  readonly sha256: string;
}
