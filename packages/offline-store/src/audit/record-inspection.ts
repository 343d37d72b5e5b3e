import type { OfflineStore } from '../offline-store.ts';
import { entitySubject, type AuditedEntity } from './entity-subject.ts';
import { recordAudit } from './record-audit.ts';

/** Records that somebody looks at an entity. */
export async function recordInspection(
  store: Pick<OfflineStore, 'db'>,
  inspected: AuditedEntity,
): Promise<void> {
  const subject = await entitySubject(store, inspected);
  await store.db
    .transaction()
    .execute((db) => recordAudit({ db }, { project: inspected.project, action: 'entity.inspect', subject }));
}
