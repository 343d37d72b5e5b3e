import { LarderError } from '@larder/core';
import {
  declaredDefault,
  entityKey,
  entityKeyOfTexts,
  parseEntityKey,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldValue,
  type Manifest,
  type SourceRow,
} from '@larder/features';
import {
  keysOfViews,
  latestHistoryRows,
  planKeys,
  type HistoryRow,
  type OfflineStore,
} from '@larder/offline-store';
import {
  keyChunks,
  type HistoryRequest,
  type KeyTexts,
  type OpenHistory,
  type RowSource,
} from '@larder/sources';

/** Keys whose rows are read at once. */
const PAGE_KEYS = 1_000;

/** What a view reads from other views: for each key one row, of their newest rows in history. */
export function historySource(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  manifest: () => Pick<Manifest, 'project' | 'entities' | 'feature_views'>,
): OpenHistory {
  return (request) => openHistory(store, manifest(), request);
}

interface Parent {
  /** Its definition, with the features that are read alone. */
  readonly view: FeatureViewManifest;
}

function openHistory(
  store: Pick<OfflineStore, 'db' | 'pool'>,
  project: Pick<Manifest, 'project' | 'entities' | 'feature_views'>,
  { views, require }: HistoryRequest,
): RowSource {
  const parents = views.map((input) => parentOf(project, input));
  const entity = project.entities[parents[0]?.view.entity ?? ''] as EntityManifest;
  const place = { project, views: parents.map(({ view }) => view), require };

  async function rowsOf(keys: readonly KeyTexts[]): Promise<SourceRow[]> {
    const values = keys.map((texts) => parseEntityKey(entity, entityKeyOfTexts(entity, texts)));
    const newest = await Promise.all(
      parents.map(async ({ view }) => {
        const rows = await latestHistoryRows(store, project, view, values);
        return new Map(
          rows.filter((row) => row.isGone !== true).map((row) => [entityKey(entity, row.keys), row]),
        );
      }),
    );
    return values.flatMap((each) => {
      const found = newest.map((rows) => rows.get(entityKey(entity, each)));
      const present = found.filter((row) => row !== undefined);
      if (present.length === 0 || (require === 'all' && present.length < found.length)) return [];
      return [joined(parents, found, present)];
    });
  }

  async function* pages(
    keys: readonly KeyTexts[],
    signal: AbortSignal,
  ): AsyncGenerator<readonly SourceRow[]> {
    for (let start = 0; start < keys.length; start += PAGE_KEYS) {
      signal.throwIfAborted();
      yield await rowsOf(keys.slice(start, start + PAGE_KEYS));
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
      if (bounds.kind === 'keys') return yield* pages(bounds.keys, signal);
      const { eventTime } = bounds;
      const keys = await keysOfViews(store, place, bounds);
      for await (const page of pages(keys, signal))
        yield eventTime === null ? page : page.filter((row) => isWithin(row, eventTime));
    },
    async lookup(keys, signal) {
      const rows: SourceRow[] = [];
      for await (const page of pages(keys, signal)) rows.push(...page);
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
  { feature_views: views }: Pick<Manifest, 'feature_views'>,
  { view: name, version, features }: HistoryRequest['views'][number],
): Parent {
  const ref = viewRef({ name, version });
  const view = views[ref];
  if (view === undefined)
    throw new LarderError('VIEW_NOT_FOUND', `A view is computed from ${ref}, which is not applied.`);
  // History asks the fields whether its own column of this name is there.
  const read = view.schema.filter((field) => features.includes(field.name) || field.name === 'is_gone');
  return { view: { ...view, schema: read } };
}

function joined(
  parents: readonly Parent[],
  found: readonly (HistoryRow | undefined)[],
  present: readonly HistoryRow[],
): SourceRow {
  const row: Record<string, unknown> = {
    ...present[0]?.keys,
    event_timestamp: new Date(Math.max(...present.map((each) => each.eventTimestampMs))),
    created_timestamp: new Date(Math.max(...present.map((each) => each.createdTimestampMs))),
  };
  for (const [at, { view }] of parents.entries())
    for (const field of view.schema)
      row[field.name] = valueOf(found[at]?.values[field.name], () => declaredDefault(field));
  return row;
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
