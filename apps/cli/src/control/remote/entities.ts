import {
  MAX_KEYS_PER_PAGE,
  type EntityKeysAnswer,
  type ErasureReceipt,
  type ErasureReceipts,
} from '@larder/contracts';
import type { InspectedEntity } from '@larder/serving';
import type { EntitiesControl } from '../control.ts';
import type { ServiceClient } from './service-client.ts';

/** An erasure walks history, archives and the log before it answers. */
const ERASURE_TIMEOUT_MS = 300_000;

/** Entities of the service. */
export function remoteEntities(client: ServiceClient): EntitiesControl {
  return {
    async keys(entity, { view, limit }) {
      const keys = new Set<string>();
      let cursor: string | null = null;
      do {
        const page: EntityKeysAnswer = await client.get<EntityKeysAnswer>(
          `/v1/entities/${encodeURIComponent(entity)}`,
          {
            query: { view, cursor: cursor ?? undefined, limit: Math.min(limit, MAX_KEYS_PER_PAGE) },
            members: ['keys', 'cursor'],
          },
        );
        for (const key of page.keys) keys.add(key);
        ({ cursor } = page);
      } while (cursor !== null && keys.size < limit);
      return { keys: [...keys].slice(0, limit), complete: cursor === null && keys.size <= limit };
    },
    inspect: (entity, key) =>
      client.get<InspectedEntity>(pathOf(entity, key), { members: ['views', 'missing'] }),
    async forget(entity, key, reason) {
      // Erasing again continues the erasure.
      const { body } = await client.send<ErasureReceipt>('DELETE', pathOf(entity, key), {
        query: { reason: reason ?? undefined },
        timeoutMs: ERASURE_TIMEOUT_MS,
        members: ['receipt_id', 'status'],
      });
      return body;
    },
    async allowAgain(entity, key, reason) {
      const { body } = await client.send<ErasureReceipt>('POST', `${pathOf(entity, key)}/allow-again`, {
        query: { reason: reason ?? undefined },
        body: {},
        members: ['receipt_id', 'status'],
      });
      return body;
    },
    receipts: async (limit) =>
      (await client.get<ErasureReceipts>('/v1/erasures', { query: { limit }, members: ['receipts'] }))
        .receipts,
  };
}

function pathOf(entity: string, key: string): string {
  return `/v1/entities/${encodeURIComponent(entity)}/${encodeURIComponent(key)}`;
}
