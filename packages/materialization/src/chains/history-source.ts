import { LarderError, systemClock, type Clock } from '@larder/core';
import {
  declaredDefault,
  entityKeyOfTexts,
  parseEntityKey,
  viewRef,
  type EntityManifest,
  type FieldValue,
  type SourceRow,
} from '@larder/features';
import { keysOfViews, planKeys, type OfflineStore } from '@larder/offline-store';
import {
  keyChunks,
  MODEL_VERSION_COLUMN,
  PARENTS_COLUMN,
  type HistoryRequest,
  type KeyTexts,
  type OpenHistory,
  type RowSource,
} from '@larder/sources';
import { isWindowed, parentRows, type ChainProject, type Parent, type ParentRow } from './parent-rows.ts';

/** Keys whose rows are read at once. */
const PAGE_KEYS = 1_000;

/**
 * What a view reads from other views: for each key one row, of their newest rows in history, and of the values of windowed
 * ones as of the chunk's instant.
 */
export function historySource(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  manifest: () => ChainProject,
  clock: Clock = systemClock,
): OpenHistory {
  return (request) => openHistory({ store, clock }, manifest(), request);
}

interface HistoryDeps {
  readonly store: Pick<OfflineStore, 'db' | 'pool'>;
  readonly clock: Clock;
}

function openHistory(
  { store, clock }: HistoryDeps,
  project: ChainProject,
  { views, require, modelVersion }: HistoryRequest,
): RowSource {
  const parents = views.map((input) => parentOf(project, input));
  const entity = project.entities[parents[0]?.view.entity ?? ''] as EntityManifest;
  const place = { project, views: parents.map(({ view }) => view), require };

  async function rowsOf(texts: readonly KeyTexts[], asOf: Date): Promise<SourceRow[]> {
    const keys = texts.map((key) => parseEntityKey(entity, entityKeyOfTexts(entity, key)));
    const read = await parentRows(store, { project, entity, parents }, { keys, asOf });
    return keys.flatMap((key, at) => {
      const found = read.map((rows) => rows[at]);
      const present = found.filter((row) => row !== undefined);
      if (present.length === 0 || (require === 'all' && present.length < found.length)) return [];
      const row = modelVersion === undefined ? joined(parents, found, present) : apart(parents, found, asOf);
      return [
        { ...key, ...row, ...(modelVersion !== undefined && { [MODEL_VERSION_COLUMN]: modelVersion }) },
      ];
    });
  }

  async function* pages(
    keys: readonly KeyTexts[],
    asOf: Date,
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    for (let start = 0; start < keys.length; start += PAGE_KEYS) {
      signal.throwIfAborted();
      yield await rowsOf(keys.slice(start, start + PAGE_KEYS), asOf);
    }
  }

  return {
    async plan(options, signal) {
      signal.throwIfAborted();
      const { scope } = options;
      if (scope.kind === 'keys') return keyChunks(scope.keys, options);
      const eventTime = scope.kind === 'event_time' ? scope.range : null;
      const ranges = await planKeys(store, place, options);
      return ranges.map(({ rows, ...range }) => ({
        bounds: { kind: 'range', ...range, eventTime, maxRows: null, oneRowPerKey: true },
        rows,
      }));
    },
    async *scan(bounds, signal) {
      if (bounds.kind === 'null_keys') return;
      const asOf = new Date(bounds.asOf ?? clock.nowMs());
      if (bounds.kind === 'keys') return yield* pages(bounds.keys, asOf, signal);
      const { eventTime } = bounds;
      const keys = await keysOfViews(store, place, bounds);
      for await (const page of pages(keys, asOf, signal))
        yield eventTime === null ? page : page.filter((row) => isWithin(row, eventTime));
    },
    async lookup(keys, signal) {
      const rows: SourceRow[] = [];
      for await (const page of pages(keys, new Date(clock.nowMs()), signal)) rows.push(...page);
      return rows;
    },
    async check() {
      return {
        status: 'ok',
        detail: `is computed from ${views.map(({ view, version }) => viewRef({ name: view, version })).join(', ')}`,
      };
    },
  };
}

function parentOf(
  { feature_views: views }: ChainProject,
  { view: name, version, features: names }: HistoryRequest['views'][number],
): Parent {
  const ref = viewRef({ name, version });
  const view = views[ref];
  if (view === undefined)
    throw new LarderError('VIEW_NOT_FOUND', `A view is computed from ${ref}, which is not applied.`);
  const features = view.schema.filter((field) => names.includes(field.name));
  if (isWindowed({ view })) return { view, features };
  // History asks the fields whether its own column of this name is there.
  const schema = view.schema.filter((field) => features.includes(field) || field.name === 'is_gone');
  return { view: { ...view, schema }, features };
}

/** The features of every parent, and the latest of their times. */
function joined(
  parents: readonly Parent[],
  found: readonly (ParentRow | undefined)[],
  present: readonly ParentRow[],
): Record<string, unknown> {
  const row: Record<string, unknown> = {
    event_timestamp: new Date(Math.max(...present.map((each) => each.eventTimestampMs))),
    created_timestamp: new Date(Math.max(...present.map((each) => each.createdTimestampMs))),
  };
  for (const [at, { features }] of parents.entries())
    for (const field of features)
      row[field.name] = valueOf(found[at]?.values[field.name], () => declaredDefault(field));
  return row;
}

/** What a model reads: each view apart, because each has a TTL of its own at that instant. */
function apart(
  parents: readonly Parent[],
  found: readonly (ParentRow | undefined)[],
  asOf: Date,
): Record<string, unknown> {
  const views: Record<string, ParentRow | null> = {};
  for (const [at, { view }] of parents.entries()) views[view.name] = found[at] ?? null;
  return { event_timestamp: asOf, created_timestamp: asOf, [PARENTS_COLUMN]: views };
}

/** As a reader of the features gets it: a missing value has its default. */
function valueOf(
  value: FieldValue | null | undefined,
  otherwise: () => FieldValue | null,
): FieldValue | null {
  return value ?? otherwise();
}

function isWithin(row: SourceRow, { from, to }: { readonly from: string; readonly to: string }): boolean {
  const event = (row['event_timestamp'] as Date).getTime();
  return event >= Date.parse(from) && event < Date.parse(to);
}
