import {
  entityKey,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldManifest,
  type FieldValue,
  type Manifest,
} from '@larder/features';
import { keysWithEvents, latestHistoryRows, windowsAsServed, type OfflineStore } from '@larder/offline-store';

/** Views of one entity that another one is computed from. */
export interface Chain {
  readonly project: ChainProject;
  readonly entity: EntityManifest;
  readonly parents: readonly Parent[];
}

export type ChainProject = Pick<Manifest, 'project' | 'entities' | 'feature_views' | 'event_sources'>;

export interface Parent {
  /** A plain one has the features that are read alone, beside `is_gone`. */
  readonly view: FeatureViewManifest;
  /** Features that a row has of it, in order. */
  readonly features: readonly FieldManifest[];
}

/** What a parent has for a key. */
export interface ParentRow {
  readonly values: Readonly<Record<string, FieldValue | null>>;
  readonly eventTimestampMs: number;
  readonly createdTimestampMs: number;
}

type Keys = readonly Readonly<Record<string, FieldValue>>[];

/** In the order of the keys; undefined: the parent has none. */
type RowsOfParent = readonly (ParentRow | undefined)[];

/**
 * Rows of each parent for these keys: of plain views the newest, of windowed ones their values at `asOf`. A windowed view has
 * values for every key, but none for a key without events that no plain parent has: nothing says that there is such an entity.
 */
export async function parentRows(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  { project, entity, parents }: Chain,
  { keys, asOf }: { readonly keys: Keys; readonly asOf: Date },
): Promise<readonly RowsOfParent[]> {
  const read = await Promise.all(
    parents.map((parent) => (isWindowed(parent) ? windowRows(parent) : newestRows(parent))),
  );
  const plain = read.filter((_, at) => !isWindowed(parents[at] as Parent));
  const unknown = keys.map((_, at) => plain.length > 0 && plain.every((rows) => rows[at] === undefined));
  if (!unknown.includes(true)) return read;
  return Promise.all(
    read.map(async (rows, at) => {
      const parent = parents[at] as Parent;
      return isWindowed(parent) ? knownRows(parent, rows) : rows;
    }),
  );

  async function newestRows({ view }: Parent): Promise<RowsOfParent> {
    const rows = await latestHistoryRows(store, project, view, keys);
    const byKey = new Map(
      rows.filter((row) => row.isGone !== true).map((row) => [entityKey(entity, row.keys), row]),
    );
    return keys.map((key) => byKey.get(entityKey(entity, key)));
  }

  async function windowRows({ view, features }: Parent): Promise<RowsOfParent> {
    const windows = await windowsAsServed(store, { project, entity, view }, { keys, at: asOf, features });
    const atMs = asOf.getTime();
    return windows.map((values) =>
      values === null ? undefined : { values, eventTimestampMs: atMs, createdTimestampMs: atMs },
    );
  }

  async function knownRows({ view }: Parent, rows: RowsOfParent): Promise<RowsOfParent> {
    const asked = [...unknown.keys()].filter((at) => unknown[at]);
    const found = await keysWithEvents(
      store,
      { project, view },
      asked.map((at) => keys[at] as Keys[number]),
    );
    const none = new Set(asked.filter((_, at) => !found.has(at)));
    return rows.map((row, at) => (none.has(at) ? undefined : row));
  }
}

export function isWindowed({ view }: Pick<Parent, 'view'>): boolean {
  return view.windowed !== undefined;
}
