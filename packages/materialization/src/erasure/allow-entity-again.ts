import { entityKey, parseEntityKey } from '@larder/features';
import {
  allowAgain,
  getReceipt,
  viewsOfEntity,
  type OfflineStore,
  type Receipt,
} from '@larder/offline-store';
import type { OnlineStore } from '@larder/online-store';
import { definedViews } from './defined-views.ts';
import { entityOfProject } from './entity-of-project.ts';
import type { ForgetRequest } from './forget-entity.ts';
import { keepAllowed, type ReceiptPlace } from './kept-receipts.ts';

export interface AllowAgainDeps {
  readonly offlineStore: OfflineStore;
  readonly onlineStore: Pick<OnlineStore, 'allow'>;
  /** @default in PostgreSQL alone */
  readonly receipts?: ReceiptPlace | null;
}

/**
 * Lets rows of an erased key land again, such as those of a person who came back; nothing that was erased returns.
 * Repeat it when it fails: until the online store follows, rows land in history alone; until the kept receipts do, a
 * recovery of PostgreSQL erases the key again.
 * @throws ENTITY_NOT_FOUND, ENTITY_KEY_INVALID, ERASURE_NOT_FOUND, ERASURE_UNFINISHED, RECEIPTS_UNAVAILABLE
 */
export async function allowEntityAgain(
  { offlineStore, onlineStore, receipts }: AllowAgainDeps,
  { manifest, actor, reason, ...of }: ForgetRequest,
): Promise<Receipt> {
  const { project } = manifest;
  const entity = await entityOfProject(offlineStore, manifest, of.entity);
  const keys = parseEntityKey(entity, of.key);
  const views = await viewsOfEntity(offlineStore, { project, entity }, definedViews(manifest, entity));
  const allowed = await allowAgain(offlineStore, { project, entity, keys, views, actor, reason });
  await onlineStore.allow(entity.name, entityKey(entity, keys));
  if (receipts) await keepAllowed(receipts, project, { entity: entity.name, ...allowed });
  return getReceipt(offlineStore, project, allowed.receiptId);
}
