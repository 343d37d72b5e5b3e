import { isLarderError } from '@larder/core';
import type { Duckdb } from '@larder/archive';
import type { OfflineStore, PointInTimeJoin } from '@larder/offline-store';
import type { EngineChoice } from '../training-set-request.ts';
import type { LoadedSpine } from '../spine/load-spine.ts';
import type { ChosenEngine } from './choose-engine.ts';
import { joinGroup } from './join-group.ts';

export interface JoinGroupsOptions {
  readonly store: OfflineStore;
  readonly spine: LoadedSpine;
  /** One per entity. */
  readonly joins: readonly PointInTimeJoin[];
  readonly asked: EngineChoice;
  readonly engine: ChosenEngine;
  readonly signal: AbortSignal;
  /** Rows of all groups together. */
  readonly onRows: (rows: number) => void;
}

/** What an archive may lack although it is on record. */
const UNUSABLE: ReadonlySet<string> = new Set(['ARCHIVE_BEHIND', 'ARCHIVE_INCOMPLETE']);

/**
 * Joins all groups into the tables `joined_0`, `joined_1`, …, by PostgreSQL where the archive turns out not to have the
 * history, unless DuckDB is asked for.
 * @returns the engine that joined, and why
 * @throws ARCHIVE_BEHIND, ARCHIVE_INCOMPLETE when DuckDB is asked for
 */
export async function joinGroups(duckdb: Duckdb, options: JoinGroupsOptions): Promise<ChosenEngine> {
  const { asked, engine } = options;
  try {
    await joinAll(duckdb, options, engine);
    return engine;
  } catch (error) {
    if (asked !== 'auto' || engine.archive === null) throw error;
    if (!isLarderError(error) || !UNUSABLE.has(error.code)) throw error;
    const instead: ChosenEngine = {
      name: 'postgresql',
      why: `the archive cannot be used. ${error.message}`,
      archive: null,
    };
    await joinAll(duckdb, options, instead);
    return instead;
  }
}

async function joinAll(
  duckdb: Duckdb,
  { store, spine, joins, signal, onRows }: JoinGroupsOptions,
  engine: ChosenEngine,
): Promise<void> {
  for (const [g, join] of joins.entries())
    await joinGroup(duckdb, {
      store,
      spine,
      join,
      engine,
      table: `joined_${g}`,
      signal,
      onRows: (rows) => onRows(g * spine.rows + rows),
    });
}
