import { LarderError, requestInvalid } from '@larder/core';
import { recordAudit, storableText, type StoreTransaction } from '@larder/offline-store';
import { modelNotFound } from '../model-versions/find-version.ts';
import { readModelVersions, type ModelVersion } from '../model-versions/read-model-versions.ts';
import type { RegistryStore } from '../registry-store.ts';
import { bumpRevisionIn } from '../revision/revision.ts';
import {
  ALIAS_NAME,
  aliasStates,
  type AliasMove,
  type AliasMoveKind,
  type AliasState,
} from './alias-state.ts';
import { readDecidingMoves } from './read-aliases.ts';

export interface AliasId {
  readonly project: string;
  readonly model: string;
  readonly alias: string;
}

export interface MoveOptions extends AliasId {
  /** For the record: a user or a pipeline, and why. */
  readonly actor: string;
  readonly reason: string;
  /** Refuses unless this is the newest move; null: unless there is none. @default whatever is there */
  readonly expectedMoveId?: number | null | undefined;
  /** Refuses unless the alias points to this version: for one that follows, which has no move. */
  readonly expectedVersion?: number | undefined;
}

/** What a move starts from. */
export interface AliasRecord {
  readonly versions: readonly ModelVersion[];
  /** Null: there is no such alias. */
  readonly state: AliasState | null;
  /** Also a drop; null: nobody has moved the alias. */
  readonly newest: AliasMove | null;
}

/** Reads what a move starts from; the registry of the project does not change until the transaction ends. @throws as `readAlias` */
export async function readForMove(tx: StoreTransaction, id: AliasId): Promise<AliasRecord> {
  await bumpRevisionIn(tx, id.project);
  return readAlias(tx, id);
}

/** @throws MODEL_NOT_FOUND, REQUEST_INVALID */
export async function readAlias(
  store: RegistryStore,
  { project, model, alias }: AliasId,
): Promise<AliasRecord> {
  if (!ALIAS_NAME.test(alias))
    throw requestInvalid([{ pointer: '/alias', detail: 'must match [a-z][a-z0-9_]{0,39}' }]);
  const versions = await readModelVersions(store, project, model);
  if (versions.length === 0) throw modelNotFound(model);
  const moves = await readDecidingMoves(store, project, model);
  const state = aliasStates(versions, moves).find((each) => each.alias === alias) ?? null;
  return { versions, state, newest: moves.findLast((move) => move.alias === alias) ?? null };
}

/** @throws ALIAS_MOVED */
export function checkExpected(record: AliasRecord, options: MoveOptions): void {
  const { expectedMoveId, expectedVersion } = options;
  const { newest, state } = record;
  if (expectedMoveId !== undefined && expectedMoveId !== (newest?.moveId ?? null))
    throw aliasMoved(record, options);
  if (expectedVersion !== undefined && expectedVersion !== state?.version) throw aliasMoved(record, options);
}

export interface Insertion extends MoveOptions {
  readonly toVersion: number | null;
  readonly kind: AliasMoveKind;
}

/** Writes the move after the newest one. */
export async function insertMove(
  tx: StoreTransaction,
  { state, newest }: AliasRecord,
  { project, model, alias, actor, reason, kind, toVersion }: Insertion,
): Promise<AliasMove> {
  const move = {
    model,
    alias,
    previousMoveId: newest?.moveId ?? null,
    fromVersion: state?.version ?? null,
    toVersion,
    kind,
    actor: storableText(actor),
    reason: storableText(reason),
  };
  const { move_id: moveId, moved_at: movedAt } = await tx.db
    .insertInto('larder.alias_moves')
    .values({
      project,
      model,
      alias,
      previous_move_id: move.previousMoveId,
      from_version: move.fromVersion,
      to_version: toVersion,
      kind,
      actor: move.actor,
      reason: move.reason,
    })
    .returning(['move_id', 'moved_at'])
    .executeTakeFirstOrThrow();
  await recordAudit(tx, {
    project,
    action: kind === 'drop' ? 'alias.drop' : 'alias.move',
    subject: `model ${model}@${alias}`,
    before: move.fromVersion?.toString(),
    after: toVersion?.toString(),
  });
  return { ...move, moveId, movedAt };
}

export function aliasNotFound(model: string, alias: string): LarderError {
  return new LarderError(
    'ALIAS_NOT_FOUND',
    `${model} has no alias ${alias}. To create it: larder promote ${model}@VERSION --as ${alias} --reason 'why'`,
  );
}

function aliasMoved({ newest, state }: AliasRecord, { model, alias }: AliasId): LarderError {
  const now =
    newest === null
      ? `nobody has moved it, it follows version ${state?.version}`
      : `${newest.actor} moved it from ${newest.fromVersion ?? 'nothing'} to ${newest.toVersion ?? 'nothing'} on ${newest.movedAt.toISOString()} (move ${newest.moveId}: ${newest.reason})`;
  return new LarderError(
    'ALIAS_MOVED',
    `The alias ${alias} of ${model} is not where it was: ${now}. Nothing was changed. Look at it, and try again if you still want to: larder models ${model}`,
  );
}
