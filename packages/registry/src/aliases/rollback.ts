import { LarderError } from '@larder/core';
import type { OfflineStore } from '@larder/offline-store';
import { insertMarkIn } from '../model-versions/mark-version.ts';
import { aliasNotFound, checkExpected, insertMove, readForMove, type MoveOptions } from './alias-record.ts';
import type { AliasMove } from './alias-state.ts';

export interface RollbackOptions extends MoveOptions {
  /** Required: of two people who roll back the same version, one is refused instead of going back twice. */
  readonly expectedMoveId: number | null;
}

/**
 * Points an alias to the newest version that was in force before and is not bad, and marks the version that it leaves as
 * bad. An alias that follows goes to the complete version before, and is pinned there.
 * @throws MODEL_NOT_FOUND, ALIAS_NOT_FOUND, ALIAS_MOVED, ROLLBACK_IMPOSSIBLE
 */
export function rollback(store: OfflineStore, options: RollbackOptions): Promise<AliasMove> {
  const { project, model, alias, actor, reason } = options;
  return store.transaction(async (tx) => {
    const record = await readForMove(tx, options);
    checkExpected(record, options);
    const { state, versions } = record;
    if (state === null) throw aliasNotFound(model, alias);
    const [toVersion] = state.earlier;
    if (toVersion === undefined)
      throw new LarderError(
        'ROLLBACK_IMPOSSIBLE',
        `No version that is not bad was in force as ${alias} of ${model} before version ${state.version}. Choose one yourself: larder models ${model}, then larder promote ${model}@VERSION --as ${alias} --reason 'why'`,
      );
    const { version } = state;
    if (versions.find((each) => each.version === version)?.bad === null)
      await insertMarkIn(tx, { project, model, version, mark: 'bad', actor, reason });
    return insertMove(tx, record, { ...options, kind: 'rollback', toVersion });
  });
}
