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
  /** The row of history; null unless PRESENT or OUTSIDE_MAX_AGE. */
  readonly row: PointedRow | null;
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
      views: views.map((view) => ({ view, features: [], ttlMs: view.ttl_ms })),
      cutOff: 'online',
      landedBefore,
    } as const;
    const joined = await text(
      joinInPostgresql(store, join, Readable.from(`${spine.join('\n')}\n`), { signal }),
    );
    const found = joined.split('\n').flatMap((line) => (line === '' ? [] : [line.split(',')]));
    for (const [v, view] of views.entries()) {
      const read = found.map((columns) => ({
        row: Number(columns[0]),
        status: Number(columns[1 + 4 * v]),
        order: columns.slice(2 + 4 * v, 5 + 4 * v).map(Number) as [number, number, number],
      }));
      await addReadings(store, { plan, entity, view, known, read, rebuilt });
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
    rebuilt[row]?.set(viewRef(view), {
      entityKey: entityKey(entity, keys),
      keys,
      status: STATUS_NAMES[status] ?? 'NOT_FOUND',
      row: rowOf.get(row) ?? null,
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
