import type { StatusAnswer } from '@larder/contracts';
import type { OfflineStore } from '@larder/offline-store';
import type { RedisMemory } from '@larder/online-store';
import { readStatus, statusJson, type HoldsNoRows } from '@larder/operations';
import { appliedManifest } from '@larder/registry';
import { Router } from 'express';
import { allow } from '../http/allow.ts';
import { noQuery } from '../http/no-query.ts';

export interface StatusDeps {
  readonly offlineStore: OfflineStore;
  readonly project: string;
  readonly checkRedis: () => Promise<unknown>;
  readonly holdsNoRows: HoldsNoRows;
  readonly redisMemory: () => Promise<RedisMemory>;
}

/** What whoever is on call needs to know; answers 200 also while a store is away. */
export function statusRoutes({ offlineStore, project, ...redis }: StatusDeps): Router {
  const routes = Router({ caseSensitive: true });
  routes
    .route('/v1/status')
    .get(noQuery, async (_request, response) => {
      const status = await readStatus({
        project,
        store: offlineStore,
        applied: async () => (await appliedManifest(offlineStore, project))?.manifest ?? null,
        ...redis,
      });
      response.json(statusJson(status) satisfies StatusAnswer);
    })
    .all(allow('GET'));
  return routes;
}
