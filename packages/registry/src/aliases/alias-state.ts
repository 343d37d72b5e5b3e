import type { ModelVersion } from '../model-versions/read-model-versions.ts';

/** Answers callers that name no version. Until it is first moved it follows the newest complete version. */
export const CHAMPION = 'champion';
/** Never a number: `options.version` takes either. */
export const ALIAS_NAME = /^[a-z][a-z0-9_]{0,39}$/;

export type AliasMoveKind = 'promote' | 'rollback' | 'drop';

/** One row of `larder.alias_moves`. */
export interface AliasMove {
  readonly moveId: number;
  readonly model: string;
  readonly alias: string;
  /** The move that this one replaced; null: the first. */
  readonly previousMoveId: number | null;
  /** Null: the alias did not exist. */
  readonly fromVersion: number | null;
  /** Null: the alias was dropped. */
  readonly toVersion: number | null;
  readonly kind: AliasMoveKind;
  readonly actor: string;
  readonly reason: string;
  readonly movedAt: Date;
}

/** What an alias points to now. */
export interface AliasState {
  readonly model: string;
  readonly alias: string;
  readonly version: number;
  /** The move that put it there; null: nobody has moved it, it follows the newest complete version. */
  readonly move: AliasMove | null;
  /**
   * Where a rollback goes: versions that were in force under the alias before, the newest first, without bad and collected
   * ones. What `champion` followed counts: older complete versions.
   */
  readonly earlier: readonly number[];
  /** Those of `earlier` that somebody moved the alias to: what a process may serve that cannot load `version`. */
  readonly promoted: readonly number[];
}

type Version = Pick<ModelVersion, 'model' | 'version' | 'completeAt' | 'bad' | 'collectedAt'>;

/** Every alias of the project's models: the moved ones that are not dropped, and `champion` of each model. */
export function aliasStates(versions: readonly Version[], moves: readonly AliasMove[]): AliasState[] {
  const versionsOf = Map.groupBy(versions, ({ model }) => model);
  const movesOf = Map.groupBy(moves, ({ model }) => model);
  return [...versionsOf].flatMap(([model, own]) => {
    const byAlias = Map.groupBy(movesOf.get(model) ?? [], ({ alias }) => alias);
    const moved = [...byAlias].flatMap(([, history]) => movedState(own, history) ?? []);
    const following = byAlias.has(CHAMPION) ? [] : [followingState(model, own)];
    return [...following, ...moved].sort(byName);
  });
}

function movedState(versions: readonly Version[], history: readonly AliasMove[]): AliasState | null {
  const newestFirst = history.toSorted((a, b) => b.moveId - a.moveId);
  const move = newestFirst[0];
  if (move === undefined || move.toVersion === null) return null;
  const good = new Set(versions.filter(isUsable).map(({ version }) => version));
  const inForce = [
    ...newestFirst.flatMap(({ toVersion, fromVersion }) => [toVersion, fromVersion]),
    ...followedBefore(versions, newestFirst.at(-1)),
  ];
  const usable = new Set(inForce.filter((version) => version !== null && good.has(version)));
  usable.delete(move.toVersion);
  const earlier = [...usable] as number[];
  const promoted = new Set(history.map(({ toVersion }) => toVersion));
  return {
    model: move.model,
    alias: move.alias,
    version: move.toVersion,
    move,
    earlier,
    promoted: earlier.filter((version) => promoted.has(version)),
  };
}

/** What `champion` followed before its first move was in force as well: the complete versions up to where it was. */
function followedBefore(versions: readonly Version[], first: AliasMove | undefined): number[] {
  if (first?.alias !== CHAMPION || first.previousMoveId !== null) return [];
  const { fromVersion } = first;
  return versions
    .filter(({ version, completeAt }) => completeAt !== null && version < (fromVersion ?? 0))
    .map(({ version }) => version)
    .sort((a, b) => b - a);
}

/** The newest complete version, else the newest; a bad one only when there is no other. */
function followingState(model: string, versions: readonly Version[]): AliasState {
  const newestFirst = versions.toSorted((a, b) => b.version - a.version);
  const usable = newestFirst.filter(isUsable);
  const complete = usable.filter(({ completeAt }) => completeAt !== null);
  const followed = complete[0] ?? usable[0] ?? newestFirst[0];
  if (followed === undefined) throw new Error(`${model} has no version.`);
  return {
    model,
    alias: CHAMPION,
    version: followed.version,
    move: null,
    earlier: complete.filter((each) => each !== followed).map(({ version }) => version),
    promoted: [],
  };
}

function isUsable({ bad, collectedAt }: Version): boolean {
  return bad === null && collectedAt === null;
}

/** `champion` first, then by name. */
function byName(a: AliasState, b: AliasState): number {
  if (a.alias === CHAMPION || b.alias === CHAMPION) return a.alias === CHAMPION ? -1 : 1;
  return a.alias < b.alias ? -1 : 1;
}
