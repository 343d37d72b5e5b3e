import { LarderError, requestInvalid } from '@larder/core';
import { storableText, type OfflineStore, type StoreTransaction } from '@larder/offline-store';
import { findVersion } from '../model-versions/find-version.ts';
import type { ModelVersion } from '../model-versions/read-model-versions.ts';
import {
  aliasNotFound,
  checkExpected,
  insertMove,
  readForMove,
  type AliasRecord,
  type MoveOptions,
} from './alias-record.ts';
import { CHAMPION, type AliasMove } from './alias-state.ts';

export interface MoveAliasOptions extends MoveOptions {
  readonly toVersion: number;
  /** Also a version whose views still fill. @default false */
  readonly acceptIncomplete?: boolean | undefined;
}

export interface Moved {
  readonly move: AliasMove;
  /** False: the alias was there already, and nothing was written. */
  readonly changed: boolean;
}

/**
 * Points an alias to a version. The first promote of `champion` pins it.
 * @throws MODEL_NOT_FOUND, MODEL_VERSION_NOT_FOUND, MODEL_VERSION_COLLECTED, MODEL_VERSION_BAD, MODEL_VERSION_INCOMPLETE, ALIAS_MOVED
 */
export function moveAlias(store: OfflineStore, options: MoveAliasOptions): Promise<Moved> {
  return store.transaction((tx) => moveAliasIn(tx, options));
}

/** `moveAlias` inside of a transaction. */
export async function moveAliasIn(tx: StoreTransaction, options: MoveAliasOptions): Promise<Moved> {
  const { toVersion, acceptIncomplete = false } = options;
  const record = await readForMove(tx, options);
  const repeated = repeatedMove(record, options);
  if (repeated !== null) return { move: repeated, changed: false };
  checkExpected(record, options);
  checkVersion(record.versions, { ...options, version: toVersion, acceptIncomplete });
  const { state } = record;
  if (state?.move && state.version === toVersion) return { move: state.move, changed: false };
  return { move: await insertMove(tx, record, { ...options, kind: 'promote' }), changed: true };
}

/**
 * Removes an alias, so that no process keeps its version warm and nothing keeps its artifact.
 * @throws ALIAS_NOT_FOUND, ALIAS_MOVED, REQUEST_INVALID for `champion`
 */
export async function dropAlias(store: OfflineStore, options: MoveOptions): Promise<AliasMove> {
  const { model, alias } = options;
  if (alias === CHAMPION)
    throw requestInvalid(
      [{ pointer: '/alias', detail: 'cannot be dropped: callers without a version use it' }],
      `${CHAMPION} of ${model} cannot be dropped: callers without a version use it.`,
    );
  return store.transaction(async (tx) => {
    const record = await readForMove(tx, options);
    checkExpected(record, options);
    if (record.state === null) throw aliasNotFound(model, alias);
    return insertMove(tx, record, { ...options, kind: 'drop', toVersion: null });
  });
}

/** A move whose answer was lost and that is requested again with the same precondition. */
function repeatedMove({ newest }: AliasRecord, options: MoveAliasOptions): AliasMove | null {
  const { expectedMoveId, toVersion, actor, reason } = options;
  if (newest === null || expectedMoveId === undefined || newest.previousMoveId !== expectedMoveId)
    return null;
  const same =
    newest.toVersion === toVersion &&
    newest.kind === 'promote' &&
    newest.actor === storableText(actor) &&
    newest.reason === storableText(reason);
  return same ? newest : null;
}

interface Target {
  readonly model: string;
  readonly version: number;
  readonly acceptIncomplete: boolean;
}

function checkVersion(versions: readonly ModelVersion[], { model, version, acceptIncomplete }: Target): void {
  const found = findVersion(versions, { model, version });
  const name = `${model}@${version}`;
  if (found.collectedAt !== null)
    throw new LarderError(
      'MODEL_VERSION_COLLECTED',
      `The artifact of ${name} was removed from the artifact store on ${found.collectedAt.toISOString()}. Apply its artifact again: it becomes a new version.`,
    );
  if (found.bad !== null)
    throw new LarderError(
      'MODEL_VERSION_BAD',
      `${found.bad.actor} marked ${name} as bad on ${found.bad.markedAt.toISOString()}: ${found.bad.reason}. To use it all the same: larder models ${name} mark-good --reason 'why it is good'`,
    );
  if (found.completeAt === null && !acceptIncomplete)
    throw new LarderError(
      'MODEL_VERSION_INCOMPLETE',
      `The views of ${name} are still being filled: it would answer from defaults. Wait until larder models ${model} shows it as complete, or promote it all the same with --yes (accept_incomplete over HTTP).`,
    );
}
