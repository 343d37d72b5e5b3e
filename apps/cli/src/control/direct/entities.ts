import { createLogger, LarderError, systemClock } from '@larder/core';
import { findFeatureView, viewRef } from '@larder/features';
import { inspectEntity } from '@larder/serving';
import { actor } from '../../actor.ts';
import type { Session } from '../../session.ts';
import type { EntitiesControl } from '../control.ts';

/** Entities in Redis and everywhere else, by the use cases that the service calls too. */
export function directEntities(session: Session): EntitiesControl {
  const { config, manifest, offlineStore, onlineStore, projectName, receipts } = session;
  return {
    async keys(entity, { view, limit }) {
      const applied = await manifest();
      if (!Object.hasOwn(applied.entities, entity)) {
        const names = Object.keys(applied.entities).join(', ') || 'none';
        throw new LarderError('ENTITY_NOT_FOUND', `No entity has this name; applied entities: ${names}.`);
      }
      const viewRefs = view === undefined ? {} : { viewRef: viewRef(findFeatureView(applied, view)) };
      const store = await onlineStore();
      const keys = new Set<string>();
      let cursor: string | null = null;
      do {
        const page = await store.keys(entity, { cursor, limit, ...viewRefs });
        for (const key of page.keys) keys.add(key);
        ({ cursor } = page);
      } while (cursor !== null && keys.size < limit);
      return { keys: [...keys].slice(0, limit), complete: cursor === null && keys.size <= limit };
    },
    async inspect(entity, key) {
      const history = config.databaseUrl === null ? unconfiguredHistory : await offlineStore();
      const deps = {
        onlineStore: await onlineStore(),
        offlineStore: history,
        manifest: await manifest(),
        clock: systemClock,
      };
      return inspectEntity(deps, entity, key);
    },
    async forget(entity, key, reason) {
      const { eraseFromArchivesHere, forgetEntity, receiptJson } =
        await import('@larder/materialization/erasure');
      const store = await offlineStore();
      const deps = {
        offlineStore: store,
        onlineStore: await onlineStore(),
        receipts: await receipts(),
        eraseFromArchives: eraseFromArchivesHere(store),
        logger: createLogger('larder', { level: 'silent' }),
      };
      const request = { manifest: await manifest(), entity, key, actor: actor(), reason };
      return receiptJson(await forgetEntity(deps, request));
    },
    async allowAgain(entity, key, reason) {
      const { allowEntityAgain, receiptJson } = await import('@larder/materialization/erasure');
      const deps = {
        offlineStore: await offlineStore(),
        onlineStore: await onlineStore(),
        receipts: await receipts(),
      };
      const request = { manifest: await manifest(), entity, key, actor: actor(), reason };
      return receiptJson(await allowEntityAgain(deps, request));
    },
    async receipts(limit) {
      const [{ receiptJson }, { listReceipts }] = await Promise.all([
        import('@larder/materialization/erasure'),
        import('@larder/offline-store'),
      ]);
      return (await listReceipts(await offlineStore(), await projectName(), limit)).map(receiptJson);
    },
  };
}

/** Redis can be shown without a database; each query of history then fails as if the database were unavailable. */
const unconfiguredHistory = {
  get db(): never {
    throw new Error('No database is configured.');
  },
};
