import { parseEntityKey, type Manifest } from '@larder/features';
import { claimErasure, projectKeyHasher } from '@larder/offline-store';
import { entityOfProject } from './entity-of-project.ts';
import { continueErasure, type EraseDeps } from './forget-entity.ts';

/** Continues one erasure whose process died or gave up. True: there may be more. */
export async function continueErasures(deps: EraseDeps, manifest: Manifest): Promise<boolean> {
  const { offlineStore: store } = deps;
  const { project } = manifest;
  const claimed = await claimErasure(store, project);
  if (claimed === null) return false;
  const { receiptId, entityKey } = claimed;
  const entity = await entityOfProject(store, manifest, claimed.entity);
  const hashOf = await projectKeyHasher(store, project);
  await continueErasure(deps, manifest, {
    receiptId,
    project,
    entity,
    entityKey,
    keys: parseEntityKey(entity, entityKey),
    keyHash: hashOf(entity.name, entityKey),
  });
  return true;
}
