import { recordAudit, storableText, type OfflineStore, type StoreTransaction } from '@larder/offline-store';
import { bumpRevisionIn } from '../revision/revision.ts';
import { findVersion, modelNotFound } from './find-version.ts';
import { readModelVersions, type ModelVersionId } from './read-model-versions.ts';

export interface MarkOptions extends ModelVersionId {
  readonly mark: 'bad' | 'good';
  /** For the record: a user or a pipeline, and why. */
  readonly actor: string;
  readonly reason: string;
}

/**
 * Marks a version: a bad one is neither promoted nor rolled back to, until it is marked as good. An alias that points to
 * it stays there. @throws MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND
 */
export function markVersion(store: OfflineStore, options: MarkOptions): Promise<void> {
  const { project, model } = options;
  return store.transaction(async (tx) => {
    await bumpRevisionIn(tx, project);
    const versions = await readModelVersions(tx, project, model);
    if (versions.length === 0) throw modelNotFound(model);
    findVersion(versions, options);
    await insertMarkIn(tx, options);
  });
}

/** Writes the mark; the caller has bumped the revision. */
export async function insertMarkIn(tx: StoreTransaction, options: MarkOptions): Promise<void> {
  const { project, model, version, mark, actor, reason } = options;
  await tx.db
    .insertInto('larder.model_version_marks')
    .values({ project, model, version, mark, actor: storableText(actor), reason: storableText(reason) })
    .execute();
  await recordAudit(tx, {
    project,
    action: 'version.mark',
    subject: `model ${model} version ${version}`,
    after: mark,
  });
}
