import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import {
  entityKey,
  viewRef,
  type EntityManifest,
  type FeatureViewManifest,
  type FieldValue,
} from '@larder/features';
import {
  JOINED_STATUS,
  joinedColumns,
  joinInPostgresql,
  loggedJoinKeys,
  rowsAtPointers,
  type HistoryPointer,
  type LoggedPrediction,
  type OfflineStore,
  type PointedRow,
} from '@larder/offline-store';
import type { ParityPlan } from './parity-plan.ts';

/** What the offline path finds of one view for a prediction. */
export interface RebuiltReading {
  readonly entityKey: string;
  readonly keys: Readonly<Record<string, FieldValue>>;
  readonly status: 'PRESENT' | 'NOT_FOUND' | 'OUTSIDE_MAX_AGE';
  /** The row of history; null unless PRESENT or OUTSIDE_MAX_AGE, and of a windowed view. */
  readonly row: PointedRow | null;
  /** By feature, when PRESENT. */
  readonly values: Readonly<Record<string, FieldValue | null>>;
}

/** By the view's reference; a prediction whose keys the log hides has none of that entity. */
export type Rebuilt = ReadonlyMap<string, RebuiltReading>;

/** Joins the views of a model to logged predictions as of their times, as served. */
export async function rebuildReadings(
  store: OfflineStore,
  plan: ParityPlan,
  predictions: readonly LoggedPrediction[],
  { landedBefore, signal }: { readonly landedBefore: Date; readonly signal: AbortSignal },
): Promise<Rebuilt[]> {
  const rebuilt = predictions.map(() => new Map<string, RebuiltReading>());
  for (const { entity, views } of plan.groups) {
    const known = predictions.flatMap((prediction, row) => {
      const keys = loggedJoinKeys(entity, prediction);
      return keys === null ? [] : [{ row, keys, at: prediction.predictedAt }];
    });
    if (known.length === 0) continue;
    const spine = known.map(({ row, keys, at }) =>
      [row, at.getTime() * 1_000, ...entity.join_keys.map(({ name }) => csv(keys[name]))].join(','),
    );
    const join = {
      project: plan.manifest,
      entity,
      // values of a row come from where it is, without a detour by CSV; those of windows are nowhere else
      views: views.map((view) => ({
        view,
        features: view.windowed === undefined ? [] : view.schema,
        ttlMs: view.ttl_ms,
      })),
      cutOff: 'online',
      landedBefore,
    } as const;
    const joined = await text(
      joinInPostgresql(store, join, Readable.from(`${spine.join('\n')}\n`), { signal }),
    );
    const found = joined.split('\n').flatMap((line) => (line === '' ? [] : [line.split(',')]));
    const columns = joinedColumns(join);
    for (const [v, view] of views.entries()) {
      const first = columns.findIndex(({ name }) => name === `v${v}_status`);
      const read = found.map((texts) => ({
        row: Number(texts[0]),
        status: Number(texts[first]),
        order: texts.slice(first + 1, first + 4).map(Number) as [number, number, number],
        values: texts.slice(first + 4, first + 4 + (join.views[v]?.features.length ?? 0)),
      }));
      if (view.windowed === undefined) await addReadings(store, { plan, entity, view, known, read, rebuilt });
      else addWindows({ plan, entity, view, known, read, rebuilt });
    }
  }
  return rebuilt;
}

interface ViewReadings {
  readonly plan: ParityPlan;
  readonly entity: EntityManifest;
  readonly view: FeatureViewManifest;
  readonly known: readonly { readonly row: number; readonly keys: Readonly<Record<string, FieldValue>> }[];
  readonly read: readonly {
    readonly row: number;
    readonly status: number;
    readonly order: readonly [number, number, number];
    readonly values: readonly string[];
  }[];
  readonly rebuilt: readonly Map<string, RebuiltReading>[];
}

async function addReadings(
  store: OfflineStore,
  { plan, entity, view, known, read, rebuilt }: ViewReadings,
): Promise<void> {
  const keysByRow = new Map(known.map(({ row, keys }) => [row, keys]));
  const withRow = read.filter(({ status }) => status !== JOINED_STATUS.NOT_FOUND);
  const pointers = withRow.map(
    ({ row, order: [eventTimestampMs, createdTimestampMs, revision] }): HistoryPointer => ({
      keys: keysByRow.get(row) ?? {},
      eventTimestampMs,
      createdTimestampMs,
      revision,
    }),
  );
  const rows = await rowsAtPointers(store, plan.manifest, view, pointers);
  const rowOf = new Map(withRow.map(({ row }, at) => [row, rows[at] ?? null]));
  for (const { row, status } of read) {
    const keys = keysByRow.get(row) ?? {};
    const found = rowOf.get(row) ?? null;
    rebuilt[row]?.set(viewRef(view), {
      entityKey: entityKey(entity, keys),
      keys,
      status: STATUS_NAMES[status] ?? 'NOT_FOUND',
      row: found,
      values: found?.values ?? {},
    });
  }
}

function addWindows({ entity, view, known, read, rebuilt }: ViewReadings): void {
  const keysByRow = new Map(known.map(({ row, keys }) => [row, keys]));
  for (const { row, status, values } of read) {
    const keys = keysByRow.get(row) ?? {};
    rebuilt[row]?.set(viewRef(view), {
      entityKey: entityKey(entity, keys),
      keys,
      status: STATUS_NAMES[status] ?? 'NOT_FOUND',
      row: null,
      values: Object.fromEntries(
        view.schema.map(({ name }, at) => [name, values[at] === '' ? null : Number(values[at])]),
      ),
    });
  }
}

const STATUS_NAMES = {
  [JOINED_STATUS.PRESENT]: 'PRESENT',
  [JOINED_STATUS.OUTSIDE_MAX_AGE]: 'OUTSIDE_MAX_AGE',
} as Readonly<Record<number, RebuiltReading['status']>>;

function csv(value: FieldValue | undefined): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string'
    ? `"${value.replaceAll('"', '""')}"`
    : `${value as number | bigint | boolean}`;
}
