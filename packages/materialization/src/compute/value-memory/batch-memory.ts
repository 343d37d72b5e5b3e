import { LARDER_VERSION } from '@larder/core';
import { fingerprint, type ComputeManifest } from '@larder/features';
import { projectKeyHasher, type OfflineStore } from '@larder/offline-store';
import type { MaterializedView } from '../../materializer/loaded-views.ts';
import type { PreparedRow } from '../../prepare/prepare-rows.ts';

/** Of which computation, run and rows a batch is; everything that the memory has to know of it. */
export interface BatchMemory {
  readonly computation: Uint8Array;
  readonly revision: number;
  readonly forced: boolean;
  readonly entity: string;
  /** Keyed hash of each row's key. */
  readonly keyHashes: readonly Uint8Array[];
}

export type BatchMemoryOf = (rows: readonly Pick<PreparedRow, 'entityKey'>[]) => BatchMemory;

/** Describes batches of one chunk to the memory. */
export async function memoryOfChunk(
  store: Pick<OfflineStore, 'db'>,
  {
    project,
    view,
    revision,
    force,
  }: {
    readonly project: string;
    readonly view: MaterializedView;
    readonly revision: number;
    readonly force: boolean;
  },
): Promise<BatchMemoryOf | null> {
  const { compute } = view.manifest;
  if (compute === null) return null;
  const hashOf = await projectKeyHasher(store, project);
  const computation = identityOf(compute);
  const entity = view.entity.name;
  return (rows) => ({
    computation,
    revision,
    forced: force,
    entity,
    keyHashes: rows.map(({ entityKey }) => hashOf(entity, entityKey)),
  });
}

/**
 * SHA-256 over everything that decides what a computation makes of a content. The release belongs to it: another one may
 * decode a picture differently.
 */
function identityOf({ kind, options, artifacts, code_sha256 }: ComputeManifest): Buffer {
  const hashes = Object.fromEntries(Object.entries(artifacts).map(([name, { sha256 }]) => [name, sha256]));
  return Buffer.from(fingerprint([LARDER_VERSION, kind, options, hashes, code_sha256]), 'hex');
}
