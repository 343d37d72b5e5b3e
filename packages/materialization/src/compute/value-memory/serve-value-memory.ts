import { MessageChannel, type MessagePort } from 'node:worker_threads';
import type { Logger } from '@larder/core';
import {
  projectKeyHasher,
  recallContents,
  recallValues,
  remember,
  type KeyHasher,
  type MemoryScope,
  type OfflineStore,
} from '@larder/offline-store';
import type { BatchMemory } from './batch-memory.ts';
import { createValueLookups } from './value-lookups.ts';
import type { MemoryAnswer, MemoryRequest, RecalledAddress, SentContent } from './protocol.ts';

export interface ValueMemoryOptions {
  readonly store: OfflineStore;
  readonly project: string;
  readonly logger: Logger;
}

/** The memory of values in PostgreSQL, for the compute threads of this process. */
export interface ValueMemoryOfProcess {
  /** Creates the port for a thread. */
  connect(): MessagePort;
}

/** Name of an entity that no definition can have: addresses are hashed like keys of it. */
const ADDRESS = '@address';
const NOTHING_RECALLED: readonly RecalledAddress[] = [];
const LOG_INTERVAL_MS = 60_000;

export function serveValueMemory({ store, project, logger }: ValueMemoryOptions): ValueMemoryOfProcess {
  const lookups = createValueLookups((scope, contents) => recallValues(store, scope, contents));
  let loggedAtMs = Number.NEGATIVE_INFINITY;

  async function answer(request: MemoryRequest): Promise<MemoryAnswer> {
    const { id, batch } = request;
    const scope = scopeOf(batch);
    if ('valuesOf' in request) return { id, values: await lookups.find(scope, request.valuesOf) };
    const hashOf = await projectKeyHasher(store, project);
    if ('recall' in request) return { id, recalled: await recall(scope, hashOf, request.recall) };
    await keep(batch, hashOf, request.remember);
    return { id, remembered: true };
  }

  function scopeOf({ computation, revision, forced }: BatchMemory): MemoryScope {
    return { project, computation, revision, forced };
  }

  async function recall(
    scope: MemoryScope,
    hashOf: KeyHasher,
    addresses: readonly string[],
  ): Promise<RecalledAddress[]> {
    const byHash = new Map(addresses.map((address) => [hashOf(ADDRESS, address).toString('hex'), address]));
    const hashes = [...byHash.keys()].map((hash) => Buffer.from(hash, 'hex'));
    const found = await recallContents(store, scope, hashes);
    return found.map(({ addressHash, contentSha256, etag, lastModified, current, values }) => ({
      address: byHash.get(addressHash.toString('hex')) ?? '',
      sha256: contentSha256,
      validators: etag === null && lastModified === null ? null : { etag, lastModified },
      isCurrent: current,
      values,
    }));
  }

  async function keep(
    batch: BatchMemory,
    hashOf: KeyHasher,
    contents: readonly SentContent[],
  ): Promise<void> {
    await remember(store, scopeOf(batch), {
      entity: batch.entity,
      contents: contents.map(({ address, sha256, answer: given, values, keyHashes }) => ({
        addressHash: hashOf(ADDRESS, address),
        contentSha256: sha256,
        asked: given && { etag: null, lastModified: null, ...given.validators },
        values,
        keyHashes,
      })),
    });
  }

  /** Without the memory everything is computed, which is slower but right. */
  function missed(request: MemoryRequest, error: unknown): MemoryAnswer {
    if (performance.now() - loggedAtMs > LOG_INTERVAL_MS) {
      loggedAtMs = performance.now();
      logger.warn({ err: error }, 'The memory of values does not answer; values are computed again');
    }
    const { id } = request;
    if ('recall' in request) return { id, recalled: NOTHING_RECALLED };
    return 'valuesOf' in request ? { id, values: null } : { id, remembered: true };
  }

  return {
    connect() {
      const { port1: port, port2 } = new MessageChannel();
      port.on('message', (request: MemoryRequest) => {
        answer(request).then(
          (given) => port.postMessage(given),
          (error: unknown) => port.postMessage(missed(request, error)),
        );
      });
      port.unref();
      return port2;
    },
  };
}
