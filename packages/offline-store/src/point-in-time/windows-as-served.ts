import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { FieldManifest, FieldValue } from '@larder/features';
import type { KeyValues } from '../history/key-parameters.ts';
import type { OfflineStore } from '../offline-store.ts';
import { joinInPostgresql } from './join-in-postgresql.ts';
import { JOINED_STATUS, type PointInTimeJoin } from './point-in-time.ts';
import type { ReadWindows } from './unsettled-events.ts';

export interface WindowsAtMoment {
  readonly keys: readonly KeyValues[];
  readonly at: Date;
  /** @default all of the view */
  readonly features?: readonly FieldManifest[];
}

/** Values by feature. Null: events of its windows are no longer kept. */
export type WindowValues = Readonly<Record<string, FieldValue | null>> | null;

/** A windowed view as the online store had it at a time, for each of the keys, in their order; also for those without events. */
export async function windowsAsServed(
  store: Pick<OfflineStore, 'pool'>,
  { project, entity, view }: ReadWindows,
  { keys, at, features = view.schema }: WindowsAtMoment,
): Promise<WindowValues[]> {
  const values = keys.map((): WindowValues => null);
  if (keys.length === 0) return values;
  const join: PointInTimeJoin = {
    project,
    entity,
    views: [{ view, features, ttlMs: view.ttl_ms }],
    cutOff: 'online',
    landedBefore: new Date(),
  };
  const atUs = at.getTime() * 1_000;
  const spine = keys.map(
    (key, row) => `${[row, atUs, ...entity.join_keys.map(({ name }) => csvValue(key[name]))].join(',')}\n`,
  );
  const csv = await text(joinInPostgresql(store, join, Readable.from([spine.join('')])));
  for (const line of csv.trimEnd().split('\n')) {
    const [row, status, , , , ...columns] = line.split(',');
    if (Number(status) === JOINED_STATUS.PRESENT)
      values[Number(row)] = Object.fromEntries(
        features.map(({ name }, place) => [name, columns[place] === '' ? null : Number(columns[place])]),
      );
  }
  return values;
}

function csvValue(value: FieldValue | undefined): string {
  if (value instanceof Date) return value.toISOString();
  return `"${`${value as string | number | bigint | boolean}`.replaceAll('"', '""')}"`;
}
