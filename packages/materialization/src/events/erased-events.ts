import type { EntityManifest } from '@larder/features';
import {
  erasedAmong,
  holdOffErasures,
  keyOfEvent,
  type ArrivedEvent,
  type StoreTransaction,
} from '@larder/offline-store';

/** Events that belong to an erased entity, of any of these; holds off erasures until the transaction ends. */
export async function erasedEvents(
  tx: Pick<StoreTransaction, 'db'>,
  events: readonly ArrivedEvent[],
  { project, entities }: { readonly project: string; readonly entities: readonly EntityManifest[] },
): Promise<ReadonlySet<ArrivedEvent>> {
  const erased = new Set<ArrivedEvent>();
  for (const entity of entities) {
    if (!(await holdOffErasures(tx, project, entity.name))) continue;
    const byKey = new Map<string, ArrivedEvent[]>();
    for (const event of events) {
      const key = keyOfEvent(entity, event);
      if (key === null) continue;
      const ofKey = byKey.get(key);
      if (ofKey) ofKey.push(event);
      else byKey.set(key, [event]);
    }
    const keys = await erasedAmong(tx, { project, entity: entity.name, keys: [...byKey.keys()] });
    for (const key of keys) for (const event of byKey.get(key) ?? []) erased.add(event);
  }
  return erased;
}
